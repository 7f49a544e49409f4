"""Truth tables of logical gates: AND, OR, XOR, NOT and identity."""
