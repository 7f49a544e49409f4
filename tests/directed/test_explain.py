"""What `explain` says of the stability of a directed network: of the steps that are computed, at states of rest."""

from __future__ import annotations

import json
from typing import cast

import pytest

from mgu.directed.network import DirectedNetwork
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
    explained = explain_directed(resolved, cast(DirectedNetwork, build_model(resolved).eval()), resolved.splits.val)
    print_directed(explained)
    lines = capsys.readouterr().out.splitlines()
    first, second = (line.split(": ", 1)[1] for line in lines if "I + dt J" in line)
    update = f"{explained.cosine:+.4f}, 4 examples" if explained.rests else "none, for the states do not rest"  # of XOR
    assert lines[-1] == f"  cosine of the update with minus the true gradient: {update}"
    assert first.startswith(local) and second.startswith("holds" if stable else "fails")
    assert explained.globally > 0 and (explained.step_globally > 0) is stable
    written = json.loads(directed_to_json(explained))
    cosine = written["cosine"]
    assert (cosine is None) is not written["rests"] and written["cosine_rows"] == 4
    assert (cosine is None or -1 <= cosine <= 1) and (cosine is None) is (written["cosine_obstacle"] is not None)
    assert written["schema_version"] == 3 and (written["local"] is None) is (local != "holds") is not written["rests"]


def test_a_network_without_a_rule_has_no_update_to_compare(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    resolved = resolve(configure("layout=directed_gates", "dataset=gates"))
    explained = explain_directed(resolved, cast(DirectedNetwork, build_model(resolved).eval()), resolved.splits.val)
    print_directed(explained)
    assert "cosine" not in capsys.readouterr().out
    assert (explained.cosine, explained.cosine_rows) == (None, 0)
    assert explained.cosine_obstacle == "learning=backpropagation has no rule of its own"
