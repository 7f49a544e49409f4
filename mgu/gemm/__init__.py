"""Matrix multiplication with chosen tile sizes: a C kernel, and what it takes to measure one choice.

It is what `space=gemm` searches (Zhang et al. 2019, https://arxiv.org/abs/1909.10616). A measurement is no run of a
network and has no place in a report's verdict.
"""
