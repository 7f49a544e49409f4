"""Networks of convolutions that are planned once, and then computed by one call forward and one backward.

plan.py makes the list of steps, function.py computes it by planned.c; what is computed is said by readable modules
elsewhere (mgu/models/nago.py), which tests compare this with.
"""
