"""What several data sets say together: each corrected for all, and Wilcoxon's test over them."""

from __future__ import annotations

import json

import pytest
from scipy.stats import wilcoxon

from mgu.report.formats.html import to_html
from mgu.report.formats.json import to_json
from mgu.report.formats.latex import to_tex
from mgu.report.formats.markdown import to_markdown
from mgu.report.formats.terminal import print_analyses
from mgu.report.over_data_sets import OnDataSet, on_data_set, summarise
from tests.examples import example_config
from tests.report.runs import Trained, analyse

UNIT, BASELINE = [0.95, 0.96, 0.955, 0.97, 0.965], [0.90, 0.93, 0.94, 0.92, 0.93]


def on(data_set: str, difference: float, p: float | None = 0.01, **changes: object) -> OnDataSet:
    rival = ("the best of the grid", "unit", "a")
    own = OnDataSet(data_set, data_set, "mgu-lean", *rival, difference, None, None, p, p_margin=None, margin=0.005)
    return own._replace(**changes)


def test_p_is_corrected_for_all_data_sets_with_one_rival() -> None:
    """By hand: Holm multiplies the smallest of three by 3, and the next by 2."""
    found = [on("a", 0.02, 0.01), on("b", -0.01, 0.02), on("c", 0.001, 0.4, p_margin=0.01)]
    other = on("a", 0.3, 0.04, against="random search at its cost")
    (over,), sentences = summarise([*found, other])
    assert [own.p_corrected for own in over.each] == pytest.approx([0.03, 0.04, 0.4])
    assert [own.outcome for own in over.each] == ["better", "worse", "as good"] and over.num_corrected == 3
    assert sentences[0] == (
        "mgu-lean against the best of the grid: better on a; worse on b; as good, within 0.5 points, on c. Each data "
        "set is tested by itself, and p is corrected for 3 comparisons."
    )
    assert "is +0.37 points: too few" in sentences[1] and over.p is None


def test_two_kinds_share_the_correction_and_have_an_answer_each() -> None:
    found = [on(name, 0.01, 0.02, kind=kind) for name in "ab" for kind in ("mgu-lean", "mgu-reference")]
    joined, _ = summarise(found)
    assert [over.each[0].kind for over in joined] == ["mgu-lean", "mgu-reference"]
    assert [own.p_corrected for over in joined for own in over.each] == pytest.approx([0.08] * 4)


@pytest.mark.parametrize("differences", [[0.01, 0.02, 0.03, 0.04, 0.05, 0.06], [0.01, -0.02, 0.03, 0.04, 0.05, 0.06]])
def test_wilcoxon_is_over_the_data_sets_that_differ(differences: list[float]) -> None:
    found = [on(str(k), difference) for k, difference in enumerate([*differences, 0.0])]
    (over,), sentences = summarise(found)
    assert over.p == pytest.approx(wilcoxon(differences).pvalue) and over.p is not None
    assert (": decided by" if over.p < 0.05 else ": not decided by") in sentences[1]
    five, _ = summarise(found[1:6])
    assert five[0].p is None  # all five alike have p 1/16


def test_a_data_set_that_is_there_twice_is_no_sample_of_data_sets() -> None:
    found = [on("mine@1", 0.1, source="mine:load"), on("mine@2", 0.1, source="mine:load"), on("b", 0.1)]
    joined, (sentence,) = summarise(found)
    assert not joined and "there more than once: mine:load" in sentence
    assert summarise(found[1:]).joined
    assert not summarise(found[:2]).sentences and not summarise(found[2:]).sentences  # one data set: nothing is missing


def test_every_format_has_it_where_there_are_several(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    analyses = [
        analyse(trained(f"unit{name}-mgu-lean", UNIT, dataset=name), trained(name, BASELINE, dataset=name))
        for name in "xy"
    ]
    (first, *_), (second, *_) = map(on_data_set, analyses)
    assert (first.data_set, second.data_set) == ("x", "y") and first.difference == pytest.approx(0.036)
    head = "the best of the grid: better on x, y"
    for text in (to_markdown(analyses), to_tex(analyses), to_html(analyses, [])):
        assert "Over data sets" in text and head in text
    plain = json.loads(to_json(analyses, []))["over_data_sets"]
    assert [each["data_set"] for each in plain[0]["data_sets"]] == ["x", "y"]
    assert plain[0]["difference"] == pytest.approx(0.036) and head in plain[0]["summary"][0]
    print_analyses(analyses)
    assert head in capsys.readouterr().out
    for text in (to_markdown(analyses[:1]), to_tex(analyses[:1]), to_html(analyses[:1], [])):
        assert "Over data sets" not in text


def test_rows_of_one_function_or_file_are_of_one_source(trained: Trained) -> None:
    def of(label: str, **dataset: str) -> str:
        config = example_config(dataset=dataset)
        runs = [trained(prefix + label, UNIT, dataset=label, config=config) for prefix in ("unit", "")]
        return on_data_set(analyse(*runs))[0].source

    assert of("load@1", name="python", target="mine:load") == of("load@2", name="python", target="mine:load")
    assert of("t.a", name="table", path="t.csv") == "t.csv" and of("digits", name="digits") == "digits"
