"""The tables and the claim of the study of path-SGD."""

from __future__ import annotations

from statistics import mean

from cells import Row, each, number, percent, table

Parts = dict[str, Row]
NAMES = {
    "adding": "the adding problem",
    "sequential_mnist": "MNIST at 14x14",
    "permuted_mnist": "MNIST at 14x14 in a random order of pixels",
    "pixel_mnist": "MNIST by single pixels",
    "sequential_digits": "digits at 8x8",
}


def claim(parts: Parts) -> str:
    """Says what was measured: the step, and who is best on each problem that was trained."""
    ratios = {
        way: [row["to_torch"] for row in parts["step"]["rows"] if row["way"] == way] for way in ("sgd", "path_sgd")
    }
    text = (
        f"By processor time, a training step of a recurrent network takes {min(ratios['sgd']):.2f} to "
        f"{max(ratios['sgd']):.2f} times what it takes with torch's own layer, and with path-SGD "
        f"{min(ratios['path_sgd']):.2f} to {max(ratios['path_sgd']):.2f} times."
    )
    return " ".join([text, *(_beaten(part, parts[part]["rows"]) for part in NAMES if part in parts)])


def _beaten(part: str, rows: list[Row]) -> str:
    """Compares the best of the rates of both optimizers, as validation chooses them, in error and in processor time."""
    best = {row["optimizer"].split()[0]: row for row in reversed(rows) if "unit" not in row["model"]}
    found = [f"{kind} has {_score(best[kind], 'val')} ({_rate(best[kind])})" for kind in ("path_sgd", "sgd")]
    ours, theirs = best["path_sgd"], best["sgd"]
    error, cost = _error(ours) / _error(theirs), _cpu_s(ours) / _cpu_s(theirs)
    text = (
        f"On {NAMES[part]}, each at its best rate by validation, {found[0]} and {found[1]}: path-SGD has {error:.2f} "
        f"times the error for {cost:.2f} times the processor time"
    )
    if part == "sequential_mnist":
        return f"{text} (at most 0.8 times the error was asked for: {'met' if error <= 0.8 else 'not met'})."
    if part != "adding":
        return f"{text}."
    most = [
        max((row for row in rows if row["optimizer"].split()[0] == kind), key=_solved) for kind in ("path_sgd", "sgd")
    ]
    reached = " and ".join(_how_often(row) for row in most)
    is_met = most[0]["solved"] >= 4 > most[1]["solved"]
    return (
        f"{text} (an mse below 0.01 was asked for in four of five seeds, and is reached by {reached}: "
        f"{'met' if is_met else 'not met'})."
    )


def _rate(row: Row) -> str:
    seeds = len(row["seeds"])
    return f"rate {row['lr']:g}, {seeds} seed{'s' * (seeds > 1)}"


def _solved(row: Row) -> tuple[int, float]:
    """Returns by how many seeds a row solves the problem; of equal ones that with the smaller error comes first."""
    return row["solved"], -row["val"]


def _how_often(row: Row) -> str:
    solved = [seed for seed in row["seeds"] if seed["solved_after"] is not None]
    diverged = sum(seed["status"] == "diverged" for seed in solved)
    later = f" ({diverged} of which diverges later)" if diverged else ""
    return f"{row['optimizer'].split()[0]} at {row['lr']:g} in {row['solved']} of {len(row['seeds'])}{later}"


def _cpu_s(row: Row) -> float:
    """Returns the mean processor time of its seeds."""
    return float(mean(seed["cpu_s"] for seed in row["seeds"]))


def _error(row: Row) -> float:
    """Returns the share of wrong answers, or the mean squared error, on validation data."""
    value = float(row["val"])
    return 1 - value if row["metric"] == "accuracy" else value


def _score(row: Row, split: str) -> str:
    value = row[split]
    if value is None:
        return "-"
    return f"{percent(value)} %" if row["metric"] == "accuracy" else f"mse {value:.4f}"


def steps(part: Row) -> str:
    """Returns the processor time of a step."""
    header = ["batch", "network and optimizer", "step [ms]", "quartiles", "to torch's"]
    lines = [
        [
            str(row["batch"]),
            row["way"],
            number(1e3 * row["seconds"]["median_s"]),
            "-".join(number(1e3 * row["seconds"][f"quartile_{side}_s"]) for side in ("low", "high")),
            number(row["to_torch"]),
        ]
        for row in part["rows"]
    ]
    return table(header, lines, left=2)


def kappa_parts(part: Row) -> str:
    """Returns the ratio of the second part of kappa to the first."""
    header = ["recurrent weights start as", "steps", "second : first part", "of the diagonal"]
    lines = [[row["start"], str(row["steps"]), f"{row['ratio']:.2g}", f"{row['diagonal']:.2g}"] for row in part["rows"]]
    return table(header, lines)


def problems(part: Row) -> str:
    """Returns a row for each model, optimizer and rate."""
    is_sum = part["rows"][0]["metric"] == "mse"
    header = ["model", "optimizer", "rate", "validation", "test", "by seed, validation", "processor time [s]"]
    if is_sum:
        header.append("mse < 0.01 after steps, by seed")
    return table(header, [_line(row, is_sum) for row in part["rows"]], left=2)


def _line(row: Row, is_sum: bool) -> list[str]:
    values = [seed["val"] for seed in row["seeds"]]
    seconds = [seed["cpu_s"] for seed in row["seeds"] if seed["cpu_s"] is not None]
    shown = each(values, 4) if is_sum else each([100 * value for value in values], 2)
    cells = [row["model"], row["optimizer"], f"{row['lr']:g}", _score(row, "val"), _score(row, "test"), shown]
    cells.append(number(mean(seconds), 0) if seconds else "-")
    if is_sum:
        cells.append(", ".join("never" if seed["solved_after"] is None else f"{seed['solved_after']:,}"
                               for seed in row["seeds"]))  # fmt: skip
    return cells
