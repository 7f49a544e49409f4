"""C files of this package, called through ctypes: compiled on first use and kept in the user's cache.

`load` compiles and loads one C file, and checks the layout of the struct that it is called with; where there is no
compiler it returns None, and the caller computes the same in plain torch.
"""
