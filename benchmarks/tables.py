"""Tables of results/ about accuracy: one function a table, from a part of results/<study>/data.json to Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Any

from cells import Row, each, number, p_value, percent, size, spread, table


def by(rows: Sequence[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    """Returns rows in groups of equal values of these keys, in the order of their first rows."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups


def ranking(part: Row, split: str = "val") -> str:
    """Every model of an experiment: accuracy with deviation and interval over seeds, size, processor time."""
    header = ["model", "parameters", f"{split} accuracy [%]", "95 % interval", "seeds", "epochs"]
    return table(
        ["rank", *header, "processor time of a run [s]"],
        (
            [
                *(str(row["rank"]), _marked(row), size(row["model_size"])),
                *_accuracy(row, split),
                *(str(len(row["seeds"])), f"{row['epochs']:.4g}", number(row.get("processor_s"), 1)),
            ]
            for row in part["rows"]
        ),
        left=2,
    )


def _marked(row: Row) -> str:
    name: str = row["model_name"]
    return f"**{name}**" if "-mgu-reference" in name else name


def _accuracy(row: Row, split: str) -> tuple[str, str]:
    """Mean ± standard deviation, and the 95 % interval."""
    key, deviation = f"{split}_acc", row.get(f"{split}_acc_sd")
    value = number(row[key]) + (f" ± {deviation:.2f}" if deviation is not None else "")
    low, high = row.get(f"{key}_low"), row.get(f"{key}_high")
    return value, "-" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def comparisons(part: Row) -> str:
    """The unit against the best baseline, the best of its layout and the median, in points of accuracy."""
    verdict = part["verdict"]
    found = {own["baseline"]: own for own in verdict["comparisons"]}
    best = verdict["comparisons"][0]["baseline"]
    opponents = {"the best": best, "the best of its layout": verdict["own_layout"], "the median": verdict["median"]}
    return table(
        ["unit against", "baseline", "difference", "95 % interval", "p seeds", "p images", "p both", "p corrected"],
        ([name, own, *_difference(found[own])] for name, own in opponents.items() if own),
        left=2,
    )


def _difference(own: Row) -> list[str]:
    low, high = own["low"], own["high"]
    interval = "-" if low is None else f"{100 * low:+.2f} to {100 * high:+.2f}"
    tests = [p_value(own[key]) for key in ("p_seeds", "p_images", "p_both", "p_corrected")]
    return [f"{100 * own['difference']:+.2f}", interval, *tests]


def processor_cost(part: Row) -> str:
    """Seconds of processor time of the whole grid, each baseline once, and of each unit."""
    units = [row for row in part["rows"] if row["norm"] is None]
    grid = sum(row["processor_s"] for row in part["rows"] if row["norm"] is not None)
    lines = [[f"{len(part['rows']) - len(units)} baselines, each once", f"{grid:.0f}", ""]]
    for row in units:
        ratio = f"{grid / row['processor_s']:.1f}"
        lines.append([row["model_name"], f"{row['processor_s']:.0f}", ratio])
    return table(["trained", "processor time [s]", "grid / unit"], lines)


def replication(part: Row) -> str:
    """Our runs beside the paper's rows of the same models."""
    ours = {row["model_name"]: row for row in part["rows"]}
    lines = []
    for pair in part["paper"]:
        row = ours[pair["model_name"]]
        values = (number(row["train_acc"]), number(pair["val_acc"]), number(pair["paper_val_acc"]))
        lines.append(
            [
                *(_marked(row), pair["paper_name"], size(row["model_size"])),
                *values,
                f"{row['epochs']:.4g}",
                f"{row['processor_s']:.0f}",
            ]
        )
    header = ["model", "row of the paper", "parameters", "train accuracy [%]", "val accuracy [%]", "paper [%]"]
    return table([*header, "epochs", "processor time [s]"], lines, left=2)


def pruned(part: Row) -> str:
    """Each unit beside its converted network: size, accuracies, time of one image, gates left."""
    lines = []
    for run in part["rows"]:
        rows = {row["name"]: row for row in run["rows"]}
        cheapest = _latency(run["rows"][-1])
        for name, gates, energy in (
            ("unit", run["gates"], run["energy_of_training"]),
            ("converted", len(run["kept"]), run["energy"]),
        ):
            row = rows[name]
            title = run["run"] if name == "unit" else "its converted network"
            values = (f"{row['cost']['params_keras']:,}", percent(row["val"]), percent(row["test"]))
            seconds = number(energy["cpu_seconds"], 0) if energy else "-"
            is_within = "" if name == "unit" else "yes" if run["within"] else "no"
            latency = "contended" if run["contended"] else f"{_latency(row) / cheapest:.2f}x"
            lines.append([title, *values, is_within, latency, str(gates), seconds])
    header = ["model", "parameters", "chosen by [%]", "test [%]", "within 0.1 points", "time of one image"]
    return table([*header, "gates", "processor time [s]"], lines)


def _latency(row: Row) -> float:
    milliseconds: float = row["cost"]["latency"]["1"]["median_ms"]
    return milliseconds


MEANS = {
    "free": "`gates=free`",
    "penalty gate": "`weight=1 over=gate`",
    "penalty channel": "`weight=1 over=channel`",
    "penalty element": "`weight=1 over=element`",
    "temperature": "`gates=settling over=element`",
    "settling": "`gates=settling`",
    "settling to 0.1": "`gates=settling temperature=0.1`",
    "settling channel": "`gates=settling over=channel`",
    "settling and penalty": "`gates=settling weight=1`",
}


def decisive(part: Row) -> str:
    """Test accuracies of a unit and of what is made of it, by the pressure on its gates, a value per seed."""
    columns = ("trained", "channel means", "rounded by channel", "rounded whole", "fine-tuned")
    lines = [
        [
            MEANS[str(means)],
            *(each([row[column] for row in rows]) for column in columns),
            each([row["spread"] for row in rows], 2),
        ]
        for (means,), rows in by(part["rows"], "means").items()
    ]
    header = ["`mgu.decisive`", "trained", "gates at channel means", "rounded by channel", "rounded as a whole"]
    return table([*header, "fine-tuned after that", "spread within a channel"], lines)


def precise_bn(part: Row) -> str:
    """Validation accuracy by epoch with running and with precise statistics, and the processor time of both."""
    groups = by(part["rows"], "network", "weights")
    last = len(part["rows"][0]["running"])
    epochs = [epoch for epoch in (1, 2, 3, 5, 10, 20) if epoch <= last]
    lines = []
    for (network, weights), rows in groups.items():
        trained, anew = (mean(row[name] for row in rows) for name in ("cpu_s", "precise_s"))
        for statistics, cost in (("running", f"{trained:.2f}"), ("precise", f"{trained:.2f} + {anew:.2f}")):
            scores = [[100 * row[statistics][epoch - 1] for row in rows] for epoch in epochs]
            lines.append([f"`{network}`", str(weights), statistics, *map(_one_digit, scores), cost])
    header = ["network", "weights", "statistics", *(f"epoch {epoch}" for epoch in epochs)]
    return table([*header, f"processor time of {last} epochs [s]"], lines, left=3)


def rungs(part: Row) -> str:
    """Kendall's tau-b of a grid after few epochs with the same grid after all, by statistics of batch norms."""
    epochs = list(dict.fromkeys(row["epoch"] for row in part["rows"]))
    lines = [
        [str(statistics), *(spread(row["tau"]) for row in rows)]
        for (statistics,), rows in by(part["rows"], "statistics").items()
    ]
    return table(["statistics", *(f"after epoch {epoch}" for epoch in epochs)], lines)


def _one_digit(values: list[float]) -> str:
    return spread(values, 1)


def divergence(part: Row) -> str:
    """Training loss and accuracy of the steps before each of these; the test accuracy after the last step."""
    steps = (25, 100, 200, 250, 400)
    lines = []
    for row in part["rows"]:
        found = {own["step"]: f"{number(own['loss'])}, {percent(own['accuracy'], 1)} %" for own in row["history"]}
        last = row["history"][-1]["step"]
        cells = [found.get(step, "") for step in steps]
        if last < steps[0]:
            cells[0] = f"{found[last]} (step {last})"
        name = "baseline `bn_pre`" if row["kind"] == "baseline" else row["kind"].replace("/", ", ")
        bias = [f"`{word}`" for word in row["words"] if "bias" in word]
        lines.append([", ".join([name, *bias]), *cells, str(last), percent(row["validation"]["accuracy"], 1)])
    return table(["gate, bypass", *map(str, steps), "last step", "test [%]"], lines)


def peers(part: Row) -> str:
    """Models from outside this project on UCI Adult, mean ± standard deviation over seeds."""
    lines = []
    for row in part["rows"]:
        values = [[100 * seed[split] for seed in row["seeds"]] for split in ("val", "test")]
        lines.append([row["model"], str(len(row["seeds"])), *(spread(own) for own in values)])
    return table(["model", "seeds", "val accuracy [%]", "test accuracy [%]"], lines)


def adult_grid(part: Row) -> str:
    """Every model of the grid on UCI Adult: validation, test, size, processor time."""
    lines = [
        [
            str(row["rank"]),
            _marked(row),
            size(row["model_size"]),
            number(row["val_acc"]),
            number(row["test_acc"]),
            f"{row['epochs']:.4g}",
            number(row["processor_s"], 1),
        ]
        for row in part["rows"]
    ]
    header = ["rank", "model", "parameters", "val accuracy [%]", "test accuracy [%]", "epochs", "processor time [s]"]
    return table(header, lines, left=2)


def accuracy_of_gates(part: Row) -> str:
    """Validation accuracy of units by gate and bypass, and of other blocks, a value per seed."""
    lines = [
        [
            *(str(row["rank"]), _marked(row), size(row["model_size"])),
            each([100 * seed["val_accuracy"] for seed in row["seeds"]], 2),
            _accuracy(row, "val")[0],
        ]
        for row in part["rows"]
    ]
    return table(["rank", "model", "parameters", "seeds 0, 1, 2 [%]", "mean ± sd [%]"], lines, left=2)
