"""Tries whether layers of the user's own can be exported, before a network of them is pruned for hours."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from mgu.export.network import Exportable, Format, end_to_end, export_network
from mgu.export.tracing import tracing
from mgu.factory.imported import section_of
from mgu.factory.trained import TrainedRun


def check_own_layers(trained: TrainedRun, network: nn.Module, form: Format, about: Mapping[str, str]) -> None:
    """Exports a network that has layers of the user's, and throws the file away; does nothing for any other.

    Args:
        trained: The run of the network.
        network: It, before pruning.
        form: "torch" or "onnx".
        about: What the file would say about itself.

    Raises:
        UserError: The layers cannot be exported.
    """
    data = trained.splits.val
    if (of_user := section_of(trained.config.layout)) is None or not isinstance(data, Exportable):
        return
    key, section = of_user
    with tracing(f"--export must be of layers that torch.export can trace, as {key} {section.target}",
                 "Mend it, or leave out --export."):  # fmt: skip
        module = end_to_end(network, trained.preprocessing)
        export_network(module, [data.raw(slice(0, 1))], form, trained.preprocessing, about)
