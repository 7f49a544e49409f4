"""What torch.export cannot trace is told by what the user can change."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mgu.errors import UserError
from mgu.export.network import end_to_end, export_network
from mgu.export.tracing import tracing
from mgu.predict import export_run as exporting
from mgu.predict.export_run import export_run
from mgu.predict.model import load
from mgu.results.on_disk.preprocessing import Arrays, Classes, Preprocessing

RULE = "RUN must be of modules that torch.export can trace"
PREPROCESSING = Preprocessing(Arrays([3, 2], "my:load"), Classes([*range(6)]))


class Applied(nn.Module):
    """Applies a function to its inputs."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.reshape(len(x), -1), "something in it fixes the number of examples, as `len(x)` or a loop over"),
        (lambda x: torch.stack([2 * own for own in x]), "Use x.shape[0] or x.flatten(1) there, and train again."),
        (lambda x: x if x.sum().item() > 0 else -x, f"{Path(__file__)}:"),
    ],
)
def test_what_cannot_be_traced_is_told(function: Callable[[Tensor], Tensor], message: str) -> None:
    with (
        pytest.raises(UserError, match=f"^{re.escape(RULE)}, but .*{re.escape(message)}"),
        tracing(RULE, "Mend it."),
    ):
        export_network(end_to_end(Applied(function), PREPROCESSING), [torch.ones(1, 3, 2)], "torch", PREPROCESSING, {})


@pytest.mark.parametrize("function", [lambda x: x.reshape(x.shape[0], -1), lambda x: x.flatten(1)])
def test_what_the_message_says_to_write_is_traced(function: Callable[[Tensor], Tensor]) -> None:
    with tracing(RULE, "Mend it."):
        _, infer = export_network(
            end_to_end(Applied(function), PREPROCESSING), [torch.ones(1, 3, 2)], "torch", PREPROCESSING, {}
        )
    assert infer(torch.ones(5, 3, 2)).shape == (5, 6)


@pytest.mark.slow
def test_a_run_without_own_code_has_a_rule_too(trained_unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr(exporting, "export_network", explode)
    with pytest.raises(UserError, match=rf"^{RULE}, but .*no such operator. Export it to the other format\.$"):
        export_run(load(trained_unit), "torch")


class Projecting(nn.Module):
    """Has an LSTM whose outputs are projected, which torch writes to ONNX as one that no runtime can run."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 6, batch_first=True, proj_size=3)

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(x)[0].flatten(1)


@pytest.mark.slow
def test_a_file_that_no_runtime_can_run_is_told(trained_unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = end_to_end(Projecting().eval(), PREPROCESSING)
    _, infer = export_network(module, [torch.ones(1, 3, 2)], "onnx", PREPROCESSING, {"input": "x", "output": "y"})
    run = exporting._run
    broken = lambda _, model, raw, form: infer(torch.ones(1, 3, 2)) if form == "onnx" else run(_, model, raw, form)  # noqa: E731
    monkeypatch.setattr(exporting, "_run", broken)
    with pytest.raises(UserError, match=r"can be run once torch has exported them, .*LSTM.* Pass --to torch\.$"):
        export_run(load(trained_unit), "onnx")
