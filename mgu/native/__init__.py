"""C files of this package, called through ctypes: compiled on first use and kept in the user's cache.

`load` compiles and loads one C file, and checks the layout of the struct that it is called with; where there is no
compiler it returns None, and the caller computes the same in plain torch.
"""

from mgu.native.layout import check_layout
from mgu.native.library import REALS, cache_dir, channels_macro, find_compiler, load, threads_for
from mgu.native.malloc import keep_freed_memory
from mgu.native.processor import processor_features, processor_name

__all__ = [
    "REALS",
    "cache_dir",
    "channels_macro",
    "check_layout",
    "find_compiler",
    "keep_freed_memory",
    "load",
    "processor_features",
    "processor_name",
    "threads_for",
]
