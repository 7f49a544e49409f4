"""Leaf modules: they know tensors, not configurations or data."""
