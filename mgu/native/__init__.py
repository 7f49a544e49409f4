"""C files of this package: compiled on first use, kept in the user's cache, loaded through ctypes."""
