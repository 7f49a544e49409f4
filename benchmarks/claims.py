"""The claim and the sample of each study in one sentence, with numbers from its data only."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import mean, median

from cells import Row, number, percent, spread
from cost_tables import augmented_to_plain
from scipy.stats import kendalltau
from tables import by

Parts = dict[str, Row]


def _of(part: Row, ending: str) -> Row:
    """The row of the model with this ending of its name."""
    return next(row for row in part["rows"] if row["model_name"].endswith(ending))


def apart(comparison: Row) -> str:
    """How far the unit is from a baseline, in points of accuracy."""
    points = 100 * comparison["difference"]
    return f"{abs(points):.2f} points {'above' if points > 0 else 'below'}"


def digits(parts: Parts) -> str:
    part = parts["paper"]
    unit, best = _of(part, "mgu-reference"), part["rows"][0]
    own = part["verdict"]["comparisons"][0]
    text = (
        f"The paper's unit ranks {unit['rank']} of {len(part['rows'])} with {number(unit['val_acc'])} %, "
        f"{apart(own)} the best baseline ({best['model_name']}, "
        f"{number(best['val_acc'])} %); the difference is {part['verdict']['outcome']} "
        f"(corrected p = {number(own['p_corrected'])})."
    )
    if holdout := parts.get("holdout"):
        first = holdout["verdict"]["comparisons"][0]
        text += (
            f" With validation images of its own (`dataset.split=holdout`) it is {apart(first)} the baseline that is "
            f"best by these ({first['baseline']}) on test images: {holdout['verdict']['outcome']}."
        )
    return text


def mnist(parts: Parts) -> str:
    return _replication(parts["runs"], "25") + _at_the_rate_of_the_code(parts)


def cifar(parts: Parts) -> str:
    return _replication(parts["runs"], "26") + _at_the_rate_of_the_code(parts)


def _replication(part: Row, rows_of_paper: str) -> str:
    pairs = part["paper"]
    tau, _ = _distance(pairs)
    far = max(pairs, key=lambda pair: abs(pair["val_acc"] - pair["paper_val_acc"]))
    tau_of_others, _ = _distance([pair for pair in pairs if pair is not far])
    middle = median(pair["val_acc"] - pair["paper_val_acc"] for pair in pairs)
    return (
        f"Trained with this package, {len(pairs)} of the paper's {rows_of_paper} rows rank as printed by Kendall's "
        f"tau-b {tau:.2f}, {tau_of_others:.2f} without the row that is furthest off; ours differ by {middle:+.2f} "
        f"points in the median, by {far['val_acc'] - far['paper_val_acc']:+.2f} at most "
        f"({far['model_name']}: {number(far['val_acc'])} %, in the paper {number(far['paper_val_acc'])} %). "
        f"Of units {_units_and_grid(part['rows'])}."
    )


def _at_the_rate_of_the_code(parts: Parts) -> str:
    """Compares both readings of the paper's learning rate, over the rows that have both."""
    if "code" not in parts:
        return ""
    by_text = {pair["paper_name"]: pair for pair in parts["runs"]["paper"]}
    pairs = [(by_text[pair["paper_name"]], pair) for pair in parts["code"]["paper"] if pair["paper_name"] in by_text]
    text, code = (_distance([pair[which] for pair in pairs]) for which in (0, 1))
    return (
        f" That is at the rate of the paper's text, 0.01 that decays. Its printed code names Keras's Nadam, by default "
        f"0.001, constant. Of {len(pairs)} rows trained at both, tau-b is {text[0]:.2f} at 0.01 and {code[0]:.2f} at "
        f"0.001, the mean distance to the printed accuracy {text[1]:.2f} and {code[1]:.2f} points."
    )


def _distance(pairs: list[Row]) -> tuple[float, float]:
    """Returns tau-b of our and printed accuracies, and the mean of their differences without sign, in points."""
    ours, theirs = ([pair[name] for pair in pairs] for name in ("val_acc", "paper_val_acc"))
    return kendalltau(ours, theirs).statistic, mean(abs(a - b) for a, b in zip(ours, theirs, strict=True))


def _units_and_grid(rows: list[Row]) -> str:
    units = [f"{row['model_name']} has {number(row['val_acc'])} %" for row in rows if "-mgu-" in row["model_name"]]
    grid = max(row["val_acc"] for row in rows if "-mgu-" not in row["model_name"])
    return f"{', '.join(units)}; the best of the grid by the same images has {number(grid)} %"


def pruning(parts: Parts) -> str:
    names = {
        "reference": "`mgu=reference`",
        "lean": "`mgu=lean mgu.wiring=reference`",  # what mgu=lean was when they were trained
        "mnist": "`mgu=lean` on MNIST",
        "cifar": "`mgu=lean` on CIFAR-10, seven layers",
    }
    return " ".join(_pruned(name, parts[part]["rows"]) for part, name in names.items() if part in parts)


def _pruned(name: str, runs: list[Row]) -> str:
    units, networks, ratios = [], [], []
    for run in runs:
        rows = {row["name"]: row for row in run["rows"]}
        units.append(100 * rows["unit"]["test"])
        networks.append(100 * rows["converted"]["test"])
        ratios.append(rows["converted"]["cost"]["params_keras"] / run["rows"][-1]["cost"]["params_keras"])
    plain = sum(not run["kept"] for run in runs)
    return (
        f"{name}: {plain} of {len(runs)} units become a network without gates; the networks have "
        f"{spread(networks)} % on test images, the units {spread(units)} %, at {min(ratios):.2f} to "
        f"{max(ratios):.2f} times the parameters of the cheapest baseline."
    )


def decisive(parts: Parts) -> str:
    groups = by(parts["decisive"]["rows"], "means")
    free, annealed = groups["free",], groups["settling",]

    def lost(rows: list[Row]) -> float:
        return float(mean(row["trained"] - row["rounded whole"] for row in rows))

    return (
        f"Rounding every gate of a unit to one constant, without training, costs {lost(free):.1f} points of accuracy "
        f"on average, but {lost(annealed):.1f} points if the gates were annealed (`gates=settling`)."
    )


def precise_bn(parts: Parts) -> str:
    def accuracy(data: str, statistics: str, epoch: int) -> float:
        rows = by(parts[data]["rows"], "network", "weights")["bn_pre", "averaged"]
        return float(100 * mean(row[statistics][epoch - 1] for row in rows))

    tau = {row["statistics"]: mean(row["tau"]) for row in parts["ranks"]["rows"] if row["epoch"] == 5}
    return (
        "On the digits, where an epoch has 21 steps, running statistics of momentum 0.01 lag behind the weights for "
        "most of 20 epochs: after 3 of them `bn_pre` with averaged weights is said to have "
        f"{accuracy('digits', 'running', 3):.1f} % and has {accuracy('digits', 'precise', 3):.1f} %, more than the "
        f"{accuracy('digits', 'running', 20):.1f} % that it is said to have after 20. On MNIST, where an epoch has 844 "
        f"steps, they have caught up after one: {accuracy('mnist', 'running', 1):.1f} % and "
        f"{accuracy('mnist', 'precise', 1):.1f} %. After 5 epochs of the digits the 24 networks of the grid rank as "
        f"after 20 with a tau-b of {tau['running']:.2f} by running statistics, {tau['precise']:.2f} by precise ones."
    )


def gates(parts: Parts) -> str:
    rows = {(row["layout"], row["gate"], row["bypass"]): row for row in parts["gates_c15"]["rows"]}
    lean, paper = rows["C15", "channel", "padded"], rows["C15", "replica", "replica"]
    later = next(row for row in parts["gates_constant"]["rows"] if row["layout"] == "C15")
    return (
        f"On the paper's 15-layer layout a unit with channel gates and the padded bypass has "
        f"{lean['params_to_baseline']:.2f}x the parameters of the baseline and takes {later['step_to_baseline']} times "
        f"its training step; the paper's unit has {paper['params_to_baseline']:.2f}x and takes "
        f"{paper['step_to_baseline']} times."
    )


def divergence(parts: Parts) -> str:
    rows = parts["divergence"]["rows"]
    paper = next(row for row in rows if row["kind"] == "replica/replica")
    lean = next(row for row in rows if any("bias" in word for word in row["words"]))
    first, last = paper["history"][0], lean["history"][-1]
    return (
        f"15 layers with the paper's gates and bypass diverge on CIFAR-10 within {first['step']} steps (training loss "
        f"{number(first['loss'])}). With channel gates, the padded bypass and normalisation open at the start they "
        f"train: loss {number(last['loss'])} after {last['step']} steps."
    )


def adult(parts: Parts) -> str:
    grid = parts["grid"]["rows"]
    boosting = next(row for row in parts["peers"]["rows"] if row["model"] == "HistGradientBoosting")
    ranked = sorted(grid, key=lambda row: -row["test_acc"])
    unit = max((row for row in grid if "-mgu-" in row["model_name"]), key=lambda row: row["val_acc"])
    return (
        f"The best unit by validation ({unit['model_name']}) ranks {unit['rank']} of {len(grid)} there and "
        f"{ranked.index(unit) + 1} on the test rows, with {number(unit['test_acc'])} %. The best network on the test "
        f"rows has {number(ranked[0]['test_acc'])} % ({ranked[0]['model_name']}), gradient boosting "
        f"{percent(mean(seed['test'] for seed in boosting['seeds']))} %."
    )


def speed(parts: Parts) -> str:
    rows = parts["units"]["rows"]  # of one machine and build: the headed ones
    steps = [row["step_straight_to_native"] for row in rows]
    kept = [row["saved_to_straight"] for row in rows]
    return (
        f"A training step of the native engine is {min(steps):.2f} to {max(steps):.2f} times as fast as that of a "
        f"straightforward implementation, and keeps {min(kept):.2f} to {max(kept):.2f} times its memory between "
        "forward and backward."
    )


def rounds_of_speed(parts: Parts) -> str:
    """Says how many rounds the medians of the headline are over, and those of all tables."""
    every = rounds_of([part["rows"] for part in parts.values()])
    return f"medians of {every} rounds in turns (units: {rounds_of(parts['units']['rows'])}); batches of 64"


def rounds_of(measured: object) -> str:
    """Says how many rounds the medians of some rows are over."""
    low, high = min(_rounds(measured)), max(_rounds(measured))
    return str(low) if low == high else f"{low} to {high}"


def _rounds(measured: object) -> Iterator[int]:
    """Yields the number of rounds behind each median of some rows."""
    if isinstance(measured, dict):
        for name, value in measured.items():
            yield from [value] if name == "rounds" else _rounds(value)
    elif isinstance(measured, list):
        for value in measured:
            yield from _rounds(value)


def seeds(parts: Parts) -> str:
    rows = parts["seeds"]["rows"]
    small = [row["faster"] for row in rows if row["flops"] < 4e5]
    large = [row["faster"] for row in rows if row["flops"] >= 4e5]
    return (
        f"By processor time, eight seeds in one process train {min(small):.2f} to {max(small):.2f} times as fast as "
        f"separate runs for baselines below 0.4 MFLOP an image, and {min(large):.2f} to {max(large):.2f} times for "
        "larger ones."
    )


def augment(parts: Parts) -> str:
    ratios = [
        f"{augmented_to_plain(row):.2f} times as long with `augment={row['augment']}`" for row in parts["C7"]["rows"]
    ]
    return f"By processor time, a training step takes {', '.join(ratios)} (the bar is 1.3)."


def decoding(parts: Parts) -> str:
    rows = parts["rounds"]["rows"]
    first, later, as_bytes = (
        median(row[name] for row in rows) / median(row[of] for row in rows)
        for name, of in (("first_s", "floats_s"), ("later_s", "floats_s"), ("first_s", "bytes_s"))
    )
    return (
        f"Own images are found, checked, decoded, cached and given as floats in {number(first)} times what an epoch of "
        f"torchvision's `ImageFolder` with two workers takes for the same floats ({number(as_bytes)} times what it "
        f"takes for bytes); each later epoch takes {number(later)} times as long as it does."
    )


def memory(parts: Parts) -> str:
    largest = max(parts["mnist"]["rows"], key=lambda row: row["peak_mib"])
    return (
        f"The largest runs of the MNIST experiment need {largest['peak_mib'] / 1024:.2f} GiB, command, fork server and "
        f"child together (`{largest['model']}`); the bar is 2."
    )


def counted(parts: Parts, name: str, of: str) -> str:
    part = parts[name]
    own = part["rows"][0]["seeds"]  # runs, of which cross-validation has one a seed and fold
    seeds, folds = (len({run.get(key) for run in own}) for key in ("seed", "fold"))
    each = f"{_count(seeds, 'seed')}{f' and {folds} folds' * (folds > 1)} each"
    return f"{_count(part['machine']['runs'], 'run')}: {_count(len(part['rows']), 'model')}, {each}; {of}"


def _count(number_of: int, name: str) -> str:
    return f"{number_of} {name}{'s' * (number_of != 1)}"
