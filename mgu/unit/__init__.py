"""The Multi Gated Unit: a module that wraps a layer and learns its normalisation, residual and skip by gates.

Start with unit.py and mixing.py (the equations), then wiring.py (what the gates choose among), gates.py and bypass.py.
engine.py picks how a unit is computed: eagerly, packed into one wide layer, or by the compiled kernel of fused.py.
wiring.py imports no torch, for the parent process needs it.
"""
