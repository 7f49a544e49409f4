"""Triton kernels for CUDA: what units and blocks compute after their convolutions, forward and backward.

They are the counterpart of the C functions that the engine `native` runs on a CPU, and work on rows, too: one row is one
position with its channels side by side. `find_obstacle` says where they cannot run; only then is plain torch taken.
"""

from mgu.kernels.availability import find_obstacle, is_for_triton

__all__ = ["find_obstacle", "is_for_triton"]
