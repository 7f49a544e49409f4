"""The processors of the units in conf/mgu that are not the paper's: the name of each tells its structure."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple


class UnitStructure(NamedTuple):
    """Describes the structure of a unit with processors of its own: what it chooses among, and by which gates."""

    processors: dict[str, list[str]]
    residual_gate: bool = False
    skip_gate: bool = True

    @property
    def digest(self) -> str:
        """Four hexadecimal digits that tell a structure from others with the same name."""
        content = [list(self.processors.items()), self.residual_gate, self.skip_gate]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:4]


# The structures in conf/mgu, which a run's name tells without their digest. A test compares them with the files, so
# that nobody edits a file without noticing that its runs get other names.
PUBLISHED = {
    "highway": UnitStructure({"activated": ["activation"]}),
    "squeeze_excitation": UnitStructure(
        {"excited": ["batch_norm", "activation", "squeeze_excitation"]}, skip_gate=False
    ),
    "switchable_norm": UnitStructure({"normalised": ["switchable_norm", "activation"]}, skip_gate=False),
    "paths": UnitStructure(
        {
            "activated": ["activation"],
            "bn": ["batch_norm", "activation"],
            "ln": ["layer_norm", "activation"],
            "gn": ["group_norm", "activation"],
            "rms": ["rms_norm", "activation"],
        },
        residual_gate=True,
    ),
}
