"""Whether a model can be computed as configured: the engine of its units or blocks, and the CUDA graph of its steps."""

from __future__ import annotations

import torch

from mgu.config.layouts import DenseLayoutConfig, LayoutConfig
from mgu.config.masked_layout import MaskedLayoutConfig
from mgu.config.nago_layout import NagoLayoutConfig
from mgu.errors import UserError
from mgu.factory.imported import section_of
from mgu.factory.resolved_run import ResolvedRun
from mgu.kernels.availability import has_triton
from mgu.layers.activation import NAMES_IN_C, find_activation
from mgu.layers.block_kernel import BlockKind, find_block_kernel
from mgu.planned.structs import find_library
from mgu.unit.kernel import KernelKind, find_kernel


def check_engine(resolved: ResolvedRun) -> None:
    """Checks that the configured engine and step fit the model and the device.

    Args:
        resolved: A run's configuration with its device.

    Raises:
        UserError: They do not.
    """
    config, device = resolved.config, resolved.device
    if config.step == "graph" and device.type != "cuda":
        raise UserError(f"step must be auto or eager on {device}, but got graph. Pass step=auto.")
    if config.mgu and config.mgu.decisive.settles and config.engine in ("native", "compiled"):
        raise UserError(
            f"engine must be auto, eager or packed for gates that settle, but got {config.engine}. Pass engine=auto."
        )
    if config.engine in ("native", "compiled") and config.training.precision != "float32":
        raise UserError(
            f"engine must be auto, eager or packed with training.precision={config.training.precision}, but got "
            f"{config.engine}. Pass engine=auto."
        )
    rule = config.layout.engine_rule
    if config.engine in rule.refused:
        raise UserError(f"engine must be {rule.legal} {rule.where}, but got {config.engine}. Pass engine=auto.")
    if config.engine in ("auto", "eager", "compiled"):
        return
    if config.engine == "packed":
        if config.mgu and (config.mgu.gate, config.mgu.bypass) != ("replica", "replica"):
            raise UserError(
                "engine must not be packed where gates or bypass are no copies of the layer. Pass engine=auto."
            )
        return
    _check_native(resolved)


def _check_native(resolved: ResolvedRun) -> None:
    """Raises UserError where there is no compiled function for the model and the device."""
    config, device = resolved.config, resolved.device
    layout, others = config.layout, "auto, eager or packed" if config.mgu else "auto or eager"
    if isinstance(layout, NagoLayoutConfig):
        if device.type != "cpu" or find_library(torch.float32) is None:
            raise UserError(
                "engine must be auto or eager for this run, but got native, which needs the CPU and a C compiler for a "
                "layout of random graphs. Pass engine=auto."
            )
        return
    assert isinstance(layout, DenseLayoutConfig | LayoutConfig | MaskedLayoutConfig)  # others have refused it
    if config.mgu and (config.mgu.processors or not config.mgu.skip_gate):
        raise UserError(
            f"engine must be {others} for a unit that is not the paper's, but got native. Pass engine=auto."
        )
    if not config.mgu and section_of(layout):
        raise UserError(f"engine must be {others} for blocks of your own layers, but got native. Pass engine=auto.")
    if not _has_kernels(resolved, layout.activation):
        raise UserError(
            f"engine must be {others} for this run, but got native, which needs a C compiler on the CPU, Triton on "
            f"CUDA, and an activation that it knows (not {layout.activation} on {device}). Pass engine=auto."
        )


def _has_kernels(resolved: ResolvedRun, activation_name: str) -> bool:
    """Tells whether compiled functions for an activation are there, on the device of a run."""
    activation = find_activation(activation_name)
    if resolved.device.type == "cuda":
        return activation in NAMES_IN_C and has_triton()
    if resolved.device.type != "cpu":
        return False
    if resolved.config.mgu:
        return find_kernel(KernelKind(activation, torch.float32)) is not None
    return find_block_kernel(BlockKind(activation, torch.float32)) is not None
