"""Tables and the sentence of results/claim: a unit against the best of the grid, random search and default networks."""

from __future__ import annotations

from collections.abc import Callable

from cells import Row, number, p_value, table
from claims import Parts

BEST, RANDOM = "best of the grid", "random search at the unit's cost"


def summary(part: Row) -> str:
    """Every data set under one recipe: costs, and the unit's difference from each rival with what it means."""
    rivals = list(dict.fromkeys(rival for row in part["rows"] for rival in row["rivals"]))
    return table(
        ["data", "unit", "best of the grid", "replicates", "margin",
         "grid / unit [processor s]", "as recorded", *rivals],
        (
            [row["data"], row["unit"], row["best"], str(row["replicates"]), number(row["margin"], 1),
             number(row["cost_ratio"], 1), number(row["cost_ratio_recorded"], 1),
             *(_answer(row["rivals"].get(rival)) for rival in rivals)]
            for row in part["rows"]
        ),
        left=3,
    )  # fmt: skip


def verdicts(parts: Parts) -> str:
    """The first table of README.md: each data set, and in points and a word how the unit stands to each rival."""
    rows = parts["better"]["rows"]
    rivals = list(dict.fromkeys(rival for row in rows for rival in row["rivals"]))
    return table(
        ["data", *(rival.replace("default", "plain") for rival in rivals), "the grid costs"],
        (
            [row["data"], *(_points(own) if (own := row["rivals"].get(rival)) else "-" for rival in rivals),
             f"{number(row['cost_ratio'], 1)}x"]
            for row in rows
        ),
        left=1,
    )  # fmt: skip


def _answer(tested: Row | None) -> str:
    """The difference in points of accuracy, its lower bound, and the corrected p-value; "-" where there is none."""
    if tested is None:
        return "-"
    return f"{_signed(tested['difference'])} (> {tested['lower_bound']:+.3f}, p {p_value(tested['p_corrected'])})"


def comparisons(part: Row) -> str:
    """The unit against each rival on one data set."""
    return table(
        ["the unit against", "over", "difference", "lower bound (95 %)", "within the margin", "p two-sided",
         "p better"],
        (
            [tested["rival"], _replicates(tested["replicates"]), _signed(tested["difference"]),
             f"{tested['lower_bound']:+.3f}",
             "yes" if tested["is_within_margin"] else "no", p_value(tested["p_two_sided"]), p_value(tested["p_better"])]
            for tested in part["comparisons"]
        ),
        left=1,
    )  # fmt: skip


def _replicates(count: int) -> str:
    return f"{count} replicates" if count > 1 else "images of one seed"


def models(part: Row) -> str:
    """Every model of one data set, the best by what picks it first."""
    rows = sorted(part["rows"], key=lambda row: -row["picked_by"])
    return table(
        ["model", "picked by [%]", "val [%]", "test [%]", "processor time [s]", "replicates"],
        (
            [f"**{row['model']}**" if row["model"] == part["unit"] else row["model"], number(row["picked_by"]),
             number(row["val"]), _test(row), number(row["cpu_s"], 1),
             str(row["replicates"])]
            for row in rows
        ),
        left=1,
    )  # fmt: skip


def against_better(part: Row) -> str:
    """The unit, the best of the grid and the default networks after a quarter of the epochs."""
    return table(
        ["model", "`better` [%]", "`short` [%]", "difference", "lower bound (95 %)", "within the margin",
         "p two-sided"],
        (
            [own["rival"], number(own["better"]), number(own["short"]), _signed(own["difference"]),
             f"{own['lower_bound']:+.3f}", "yes" if own["is_within_margin"] else "no", p_value(own["p_two_sided"])]
            for own in part["against_better"]
        ),
        left=1,
    )  # fmt: skip


def defaults(part: Row) -> str:
    """Every model under conditions for which some usual norm is wrong, and the unit's difference from it."""
    return table(
        ["condition", "model", "test [%]", "least [%]", "seeds", "unit minus it", "p corrected"],
        (
            [row["condition"], f"**{row['model']}**" if row["model"].endswith("-lean") else row["model"],
             _test(row), number(row["test_least"]), str(row["replicates"]),
             _signed(row['difference']) if "difference" in row else "-", p_value(row.get("p_corrected"))]
            for row in part["rows"]
        ),
        left=2,
    )  # fmt: skip


def claim(parts: Parts) -> str:
    """Says what the study of the better recipe found, or that of the paper's where there is no other."""
    recipe = "better" if "better" in parts else "paper"
    rows = parts[recipe]["rows"]
    rivals = dict.fromkeys(rival for row in rows for rival in row["rivals"])
    against = {rival: [row["rivals"][rival] for row in rows if rival in row["rivals"]] for rival in rivals}
    costs = _range([row["cost_ratio"] for row in rows])
    found = ", ".join(f"{row['data']} {_points(row['rivals'][BEST])}" for row in rows)
    text = (
        f"One lean unit against the best of a grid, all trained by one recipe ({recipe}), in points of test accuracy: "
        f"{found}. The grid costs {costs} times as much. A random search at the unit's cost is worse than the unit on "
        f"{_count(against[RANDOM], lambda own: own['p_better'] < 0.05)} of these data, and better than it on "
        f"{_count(against[RANDOM], _is_worse)}."
    )
    for name in (rival for rival in against if rival.startswith("default")):
        shown = ", ".join(f"{row['data']} {_points(row['rivals'][name])}" for row in rows if name in row["rivals"])
        text += f" Against the {name.replace('default', 'plain')} network of the deepest layout: {shown}."
    return f"{text} {plainly(rows)}"


def plainly(rows: list[Row]) -> str:
    """The sentence that the protocol promises: on which data the unit is better than a default network, and worse."""
    parts = []
    for name in dict.fromkeys(rival for row in rows for rival in row["rivals"] if rival.startswith("default")):
        own = {row["data"]: row["rivals"][name] for row in rows if name in row["rivals"]}
        better, worse = ([data for data, each in own.items() if holds(each)] for holds in (_is_better, _is_worse))
        words = [f"better on {', '.join(better)}" if better else "better nowhere"]
        words += [f"worse on {', '.join(worse)}"] * bool(worse)
        parts.append(f"against {name.replace('default', 'plain')} it is {' and '.join(words)}")
    return f"The unit does not replace a good default: {'; '.join(parts)}."


def _points(tested: Row) -> str:
    """The difference in points, and what it means: better or worse by its p-value, and whether within the margin."""
    meaning = "within the margin" if _is_within(tested) else "not decided"
    if _is_better(tested):
        meaning = "better"
    elif _is_worse(tested):
        meaning = "worse, within the margin" if _is_within(tested) else "worse"
    return f"{_signed(tested['difference'])} ({meaning})"


def _signed(points: float) -> str:
    """A difference in points; what sums leave in the last bits decides no half, as in reports."""
    return f"{round(points, 9) + 0.0:+.2f}"


def _is_within(tested: Row) -> bool:
    return bool(tested["is_within_margin"])


def _is_better(tested: Row) -> bool:
    return bool(tested["difference"] > 0 and tested["p_corrected"] < 0.05)


def _is_worse(tested: Row) -> bool:
    return bool(tested["difference"] < 0 and tested["p_corrected"] < 0.05)


def _count(tested: list[Row], holds: Callable[[Row], bool]) -> str:
    return f"{sum(map(holds, tested))} of {len(tested)}"


def _range(values: list[float]) -> str:
    low, high = (number(value, 1) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _test(row: Row) -> str:
    """The mean test accuracy, with the standard deviation where there are several replicates."""
    return number(row["test"]) + (f" ± {row['test_sd']:.2f}" if row["replicates"] > 1 else "")
