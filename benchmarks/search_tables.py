"""The tables and the claim of the study of searches at equal cost."""

from __future__ import annotations

from statistics import median

from cells import Row, number, p_value, percent, table
from scipy.stats import ttest_ind_from_stats

Parts = dict[str, Row]
MULTIPLES = (1, 2, 4)
ENOUGH = 0.05  # p-value


def claim(parts: Parts) -> str:
    """Says how searches compare with the unit at its own cost and at four times that, and who beats random search."""
    rows = parts["replay"]["rows"]
    unit, *others = (row for row in rows if row["val_at_1x"] is not None)
    searches = [row for row in others if row["studies"]]
    best = {multiple: max(searches, key=lambda row: row[f"test_at_{multiple}x"] or 0.0) for multiple in (1, 4)}
    better = [row for row in searches if row["p_random"] is not None and row["p_random"] < ENOUGH]
    random = next(row for row in searches if row["strategy"].startswith("random on"))
    told = "; ".join(
        f"{_name(row)} differs from random search by {100 * (row['test_at_4x'] - random['test_at_4x']):+.2f} points "
        f"(p {p_value(row['p_random'])})"
        for row in better
    )
    at_once, in_the_end = (
        f"{percent(best[multiple][f'test_at_{multiple}x'])} % ({_name(best[multiple])})" for multiple in (1, 4)
    )
    return (
        f"On the digits one lean unit has {percent(unit['test_at_1x'])} % on test images. At its cost the best search "
        f"of the grid has {at_once} in the mean over studies, at four times its cost {in_the_end}. "
        + (
            f"At four times the cost {told}."
            if told
            else "No strategy differs from random search at four times the cost."
        )
    )


def _name(row: Row) -> str:
    return str(row["strategy"]).removesuffix(" on grid, replayed")


def replay(part: Row) -> str:
    """Test scores of the incumbents at multiples of the unit's cost."""
    header = [
        *("strategy", "studies", *(f"test at {multiple}x [%]" for multiple in MULTIPLES), "to the unit's score [s]"),
        *("trials", "its own share [%]", "p against random", "replayed in [s]"),
    ]
    lines = [
        [
            *(_name(row), number(row["studies"], 0), *(percent(row[f"test_at_{multiple}x"]) for multiple in MULTIPLES)),
            *(number(row["to_unit_s"], 1), number(row["trials"], 1), percent(row["strategy_share"])),
            *(p_value(row["p_random"]), number(row["command_s"], 1)),
        ]
        for row in part["rows"]
    ]
    return table(header, lines)


def asks(part: Row) -> str:
    """Seconds of an ask after 200 trials."""
    lines = [[row["strategy"], number(1000 * row["ask_s"], 1), number(row["all_s"], 2)] for row in part["rows"]]
    return table(["strategy", "an ask after 200 trials [ms]", "all 200 asks [s]"], lines)


def rastrigin(part: Row) -> str:
    """What strategies find for differential evolution."""
    lines = [
        [
            *(row["strategy"], str(row["trials"]), str(row["studies"]), f"{row['best']:.3f}", f"{row['again']:.3f}"),
            f"{number(row['to_tpe'], 0)} ({row['hits']}/{row['studies']})",
        ]
        for row in part["rows"]
    ]
    header = ["strategy", "trials", "studies", "best value", "winner run again", "trials to TPE's median (studies)"]
    return table(header, lines)


def nago(part: Row) -> str:
    """Generated networks beside the grid at equal processor time."""
    random = next(row for row in part["rows"] if row["strategy"] == "random")
    lines = [
        [
            *(
                row["strategy"],
                str(row["studies"]),
                number(row["trials"], 1),
                f"{row['test']:.2f} ± {row['test_sd']:.2f}",
            ),
            *(f"{row['params']:,.0f}", number(row["cpu_s"], 1), p_value(row["p_grid"])),
            "-" if row is random else p_value(_welch(row, random)),
        ]
        for row in part["rows"]
    ]
    header = ["search", "studies", "trials", "test [%]", "parameters of what is found", "processor time [s]"]
    return table([*header, "p against the grid", "p against random"], lines)


def _welch(row: Row, other: Row) -> float:
    """Returns the p-value of Welch's t-test of two means over studies."""
    groups = ((each["test"], each["test_sd"], each["studies"]) for each in (row, other))
    return float(ttest_ind_from_stats(*next(groups), *next(groups), equal_var=False).pvalue)


def gemm(part: Row) -> str:
    """What searches of tile sizes find, in times of the fastest of a tenth of the space, and what peers reach."""
    header = [
        *("size", "search", "studies", "trials", "seconds of a study", "found / fastest of a tenth", "worst"),
        *("after equal seconds", "p against random"),
    ]
    lines = []
    for size in part["rows"]:
        for row in size["rows"]:
            lines.append(
                [
                    *(str(size["size"]), row["search"], str(row["studies"]), number(row["trials"], 0)),
                    *(number(row["seconds"], 0), f"{median(row['ratios']):.3f}", f"{max(row['ratios']):.3f}"),
                    *(f"{median(row['ratios_at_equal']):.3f}", p_value(row["p_random"])),
                ]
            )
        for name, ratio in size["ceilings"].items():
            lines.append([str(size["size"]), name, *"---", f"{ratio:.3f}", *"---"])
    notes = [
        f"{size['size']}: {size['tenth']:,} of {size['points']:,} points, a tenth of the legal ones, were measured; "
        f"the fastest took {1e3 * size['optimum_s']:.3f} ms when it was measured again "
        f"(quartiles {size['noise'][0]:.3f} to {size['noise'][1]:.3f} of that); "
        f"equal seconds are {size['equal_s']:.0f} s, those of the shortest study."
        for size in part["rows"]
    ]
    return "\n\n".join([table(header, lines, left=2), *notes])
