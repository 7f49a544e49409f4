"""Truth tables of logical gates: AND, OR, XOR, NOT and identity."""

from mgu.data.gates.dataset import GateDataset

__all__ = ["GateDataset"]
