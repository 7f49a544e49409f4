"""Leaf modules and functions: they know tensors and torch's layers, not configurations, data or units.

normalization.py has the norms in Keras' numerics, block.py the block of the paper's grid search, packed.py equal layers
as one wide layer, weight_init.py fresh copies of a layer.
"""
