"""The choices that a directed network and its learning have, by name. Imports no torch."""

from __future__ import annotations

from typing import Literal

Graph = Literal["complete", "layered"]
FieldName = Literal["transport", "additive"]
Rule = Literal["published", "exact"]
Correction = Literal["none", "aep"]
Mode = Literal["none", "published", "permanent"]
