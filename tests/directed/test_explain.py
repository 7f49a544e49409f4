"""What `explain` says of the stability of a directed network: of the steps that are computed, at states of rest."""

from __future__ import annotations

import json

import pytest

from mgu.explain.directed import directed_to_json, explain_directed, print_directed
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from tests.conftest import Configure


@pytest.mark.parametrize(
    ("words", "local", "stable"),
    [
        ("layout.dt=0.5", "holds", True),
        ("layout.dt=1.9", "none, for the states do not rest", False),
        ("layout.steps=3", "none, for the states do not rest", True),
    ],
)
def test_what_holds_is_said_of_the_steps_and_locally_of_states_of_rest(
    words: str, local: str, stable: bool, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    resolved = resolve(configure("layout=directed_gates", "dataset=gates", "learning=equilibrium", words))
    explained = explain_directed(resolved, build_model(resolved).eval(), resolved.splits.val)
    print_directed(explained)
    first, second = (line.split(": ", 1)[1] for line in capsys.readouterr().out.splitlines() if "I + dt J" in line)
    assert first.startswith(local) and second.startswith("holds" if stable else "fails")
    assert explained.globally > 0 and (explained.step_globally > 0) is stable
    written = json.loads(directed_to_json(explained))
    assert written["schema_version"] == 2 and (written["local"] is None) is (local != "holds") is not written["rests"]
