"""From Hydra's world to ours: its composed configuration to a checked RunConfig, its error messages to our own."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mgu.cli.hydra_errors import explain
from mgu.config.check import check_config
from mgu.config.run import RunConfig
from mgu.data.datasets import find_kind
from mgu.errors import UserError


def read_config(composed: DictConfig) -> RunConfig:
    """Resolve and check; raises UserError. Needs HydraConfig to be set, for the layout is named after its file."""
    try:
        values: Any = OmegaConf.to_container(composed, resolve=True)
    except OmegaConfBaseException as error:
        raise UserError(explain(error)) from None
    values.pop("hydra", None)
    if isinstance(dataset := values.get("dataset"), dict):
        values["dataset"] = find_kind(dataset.get("name")).resolve(dataset)
    return check_config(values)
