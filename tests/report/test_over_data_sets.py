"""What several data sets say together: each corrected for all, and Wilcoxon's test over them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from scipy.stats import wilcoxon

from mgu.report.analysis import Analysis
from mgu.report.formats.html import to_html
from mgu.report.formats.json import to_json
from mgu.report.formats.latex import to_tex
from mgu.report.formats.markdown import to_markdown
from mgu.report.formats.terminal import print_analyses
from mgu.report.over_data_sets import Found, OnDataSet, Summary, on_data_set, summarise
from tests.examples import example_config, example_result, example_unit, ranked
from tests.report.runs import Trained, analyse

UNIT, BASELINE = [0.95, 0.96, 0.955, 0.97, 0.965], [0.90, 0.93, 0.94, 0.92, 0.93]


def summary_of(*compared: OnDataSet, lost: Sequence[tuple[str, str]] = ()) -> Summary:
    return summarise([*(Found([own], []) for own in compared), *(Found([], [each]) for each in lost)])


def on(data_set: str, difference: float, p: float | None = 0.01, **changes: Any) -> OnDataSet:
    rival = ("the best of the grid", "unit", "a")
    own = OnDataSet(data_set, data_set, "mgu-lean", *rival, difference, None, None, p, None, margin=0.005, settings={})
    return own._replace(**changes)


def test_p_is_corrected_for_all_data_sets_with_one_rival() -> None:
    """By hand: Holm multiplies the smallest of three by 3, and the next by 2."""
    found = [on("a", 0.02, 0.01), on("b", -0.01, 0.02), on("c", 0.001, 0.4, p_margin=0.01)]
    other = on("a", 0.3, 0.04, against="random search at its cost")
    (over,), sentences = summary_of(*found, other)
    assert [own.p_corrected for own in over.each] == pytest.approx([0.03, 0.04, 0.4])
    assert [own.outcome for own in over.each] == ["better", "worse", "as good"] and over.num_corrected == 3
    assert sentences[0] == (
        "mgu-lean against the best of the grid: better on a; worse on b; as good, within 0.5 points, on c. Each data "
        "set is tested by itself, and p is corrected for 3 comparisons."
    )
    assert "is +0.10 points, the mean +0.37: too few" in sentences[1] and over.ranks is None
    assert over.each[2].p_margin == pytest.approx(0.03)  # those without one count


def test_two_kinds_share_the_correction_and_have_an_answer_each() -> None:
    found = [on(name, 0.01, 0.02, kind=kind) for name in "ab" for kind in ("mgu-lean", "mgu-reference")]
    joined, _ = summary_of(*found)
    assert [over.each[0].kind for over in joined] == ["mgu-lean", "mgu-reference"]
    assert [own.p_corrected for over in joined for own in over.each] == pytest.approx([0.08] * 4)


@pytest.mark.parametrize("differences", [[0.01, 0.02, 0.03, 0.04, 0.05, 0.06], [0.01, -0.02, 0.03, 0.04, 0.05, 0.06]])
def test_wilcoxon_is_over_the_data_sets_that_differ(differences: list[float]) -> None:
    found = [on(str(k), difference) for k, difference in enumerate([*differences, 0.0])]
    (over,), sentences = summary_of(*found)
    assert over.p_corrected == pytest.approx(wilcoxon(differences).pvalue) and over.p_corrected is not None
    outcome = "better" if over.p_corrected < 0.05 else "not decided"
    assert f": {outcome} by Wilcoxon's signed-rank test over 6 of them, which differ (p = " in sentences[1]
    five, _ = summary_of(*found[1:6])
    assert five[0].ranks is None  # all five alike have p 1/16


def test_what_sums_leave_behind_makes_no_ranks() -> None:
    """Of true ties scipy has p 0.125; their last bits made it 0.031."""
    noisy = [0.10000000000000003, 0.10000000000000009, 0.1, 0.10000000000000002, 0.1, 0.09999999999999998, -0.1]
    (over,), _ = summary_of(*(on(str(k), difference) for k, difference in enumerate(noisy)))
    assert over.p_corrected == pytest.approx(wilcoxon([0.1] * 6 + [-0.1]).pvalue)


def test_the_ranks_say_which_way_and_kinds_share_the_correction() -> None:
    """The mean is below 0 by one data set, the unit above its rival on eleven of twelve."""
    differences = [*(0.001 * k for k in range(1, 12)), -0.2]
    found = [on(str(k), difference) for k, difference in enumerate(differences)]
    _, (_, sentence) = summary_of(*found)
    assert "the median difference is +0.55 points, the mean -1.12: better by" in sentence
    joined, sentences = summary_of(*found, *(own._replace(kind="mgu-reference") for own in found))
    alone = wilcoxon(differences).pvalue
    assert [over.p_corrected for over in joined] == pytest.approx([2 * alone] * 2)
    assert "not decided by" in sentences[1] and "corrected for 2 kinds of unit" in sentences[1]


def test_a_unit_that_diverged_on_a_data_set_is_named() -> None:
    _, sentences = summary_of(on("a", 0.1), on("b", 0.1), lost=[("c", "mgu-lean")])
    assert sentences[-1] == (
        "mgu-lean has no score on c, where all its runs diverged or failed: this data set is in none of these numbers."
    )


def test_a_unit_without_a_score_is_lost_and_not_left_out() -> None:
    diverged = example_unit("digits_2-mgu-lean-s0", val_accuracy=None, status="diverged")
    (table,) = ranked([example_result("a-s0"), diverged])
    assert on_data_set(Analysis(table)) == Found([], [("digits", "mgu-lean")])
    (alone,) = ranked([diverged])
    assert not on_data_set(Analysis(alone)).lost  # no grid to compare with


def test_units_of_one_name_that_differ_are_told() -> None:
    found = [on(name, 0.1, settings={"gate": "channel", "bn_momentum": momentum}) for name, momentum in
             (("a", 0.01), ("b", 0.5))]  # fmt: skip
    _, sentences = summary_of(*found)
    assert "mgu-lean is not one unit on all of these data sets: it differs in mgu.bn_momentum." in sentences


def test_a_data_set_that_is_there_twice_is_no_sample_of_data_sets() -> None:
    found = [on("mine@1", 0.1, source="mine:load"), on("mine@2", 0.1, source="mine:load"), on("b", 0.1)]
    joined, (sentence,) = summary_of(*found)
    assert not joined and "those of one file or one function: mine@1, mine@2." in sentence
    assert summary_of(*found[1:]).joined and "mine@1, mine@2" in summary_of(*found[:2]).sentences[0]
    same = [own._replace(data_set="mine") for own in found[:2]]
    assert not summary_of(*same).sentences and not summary_of(found[2]).sentences  # one data set: nothing is missing


def test_every_format_has_it_where_there_are_several(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    analyses = [
        analyse(trained(f"unit{name}-mgu-lean", UNIT, dataset=name), trained(name, BASELINE, dataset=name))
        for name in "xy"
    ]
    (first, *_), (second, *_) = (on_data_set(analysis).compared for analysis in analyses)
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
        return on_data_set(analyse(*runs)).compared[0].source

    assert of("load@1", name="python", target="mine:load") == of("load@2", name="python", target="mine:load")
    assert of("t.a", name="table", path="t.csv", sha256="f" * 64) == "f" * 64  # a link, a copy and a pack have it too
    assert of("digits", name="digits") == "digits"
