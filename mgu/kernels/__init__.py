"""Triton kernels for CUDA: what units and blocks compute after their convolutions, forward and backward.

They are the counterpart of the C functions that the engine `native` runs on a CPU, and work on rows, too: one row is
one position with its channels side by side. `find_obstacle` says where they cannot run.

unit_rows.py, unit_rows_backward.py and block_rows.py have the kernels, with statistics.py, rows.py and activations.py;
unit.py, block.py and launch.py launch them, as tiling.py divides the rows. kinds.py has what both sides exchange.
Modules with kernels import Triton, and so are imported where a kernel is launched.
"""
