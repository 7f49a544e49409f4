"""The Multi Gated Unit: a module that wraps a layer and learns norms, residual and skip by its gates.

Start with unit.py, then wiring.py (what the gates choose among) and gates.py. engine.py picks how a unit is computed:
eagerly, packed into one wide layer, or by the fused function of fused.py and fused.c.
"""
