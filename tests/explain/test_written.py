"""What `mgu-run explain` says that it wrote, of networks that it need not train for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgu.cli.explain import main
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.factory.trained import TrainedRun
from tests.conftest import Configure
from tests.examples import example_result

UNIT = ("layout=equilibrium_digits", "layout.width=8", "mgu=lean")


def explain(words: tuple[str, ...], folder: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = resolve(configure(*words))
    run = TrainedRun(folder, resolved, example_result(), build_model(resolved).eval())
    monkeypatch.setattr("mgu.factory.trained.load_trained", lambda *_, **__: run)
    main([str(folder)])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (UNIT, "equilibrium.json, explain.json, gates.svg"),
        (("layout=directed_digits", "layout.steps=5"), "directed.json.\nNot drawn: 107 neurons"),
        (("layout=directed_gates", "dataset=gates"), "directed.json, graph.svg, graph.png.\n"),
    ],
    ids=["unit", "large", "small"],
)
def test_every_file_is_named_and_what_is_not_drawn(
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    explain(words, tmp_path, configure, monkeypatch)
    shown = capsys.readouterr()
    text = shown.out + shown.err
    assert f"Written to {tmp_path}: {said}" in text and ("Not drawn" in text) == ("Not drawn" in said)
    named = text.rpartition(f"Written to {tmp_path}: ")[2].split(".\n")[0].split(", ")
    assert sorted(named) == sorted(file.name for file in tmp_path.iterdir())
