"""`mgu-run --help`: every value as it stands, with its description."""

from __future__ import annotations

from omegaconf import DictConfig, OmegaConf

from mgu.config.describe import describe_values


def register_help() -> None:
    """Makes `${describe_values:}` known, which the help template in conf/hydra/help/mgu.yaml uses."""
    OmegaConf.register_new_resolver("describe_values", _describe, replace=True)


def _describe(*, _root_: DictConfig) -> str:
    values = OmegaConf.to_container(OmegaConf.masked_copy(_root_, [str(key) for key in _root_ if key != "hydra"]))
    assert isinstance(values, dict)
    # Hydra puts the text through string.Template.
    return describe_values({str(key): value for key, value in values.items()}).replace("$", "$$")
