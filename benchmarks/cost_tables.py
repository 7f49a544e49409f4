"""Tables of results/ about size and speed: one function a table."""

from __future__ import annotations

from collections.abc import Callable

from cells import Row, number, table
from tables import by

PARALLEL_BAR = 1.15  # of wall / own


def gate_costs(part: Row) -> str:
    """Parameters, FLOPs and a training step, each as a multiple of the baseline's, with quartiles of the step."""
    lines = [
        [
            *(row["layout"], row["gate"], row["bypass"]),
            *(f"{row['params_to_baseline']:.2f}", f"{row['flops_to_baseline']:.2f}", row.get("step_to_baseline", "-")),
        ]
        for row in part["rows"]
    ]
    return table(["layout", "gate", "bypass", "parameters", "FLOPs", "training step (quartiles)"], lines, left=3)


def gate_sizes(part: Row) -> str:
    """Parameters as a multiple of the baseline's, by gate (rows) and bypass (columns), for each layout."""
    bypasses = list(dict.fromkeys(row["bypass"] for row in part["rows"]))
    lines = []
    for (layout, gate), rows in by(part["rows"], "layout", "gate").items():
        found = {row["bypass"]: f"{row['params_to_baseline']:.2f}" for row in rows}
        lines.append([str(layout), str(gate), *(found.get(bypass, "-") for bypass in bypasses)])
    return table(["layout", "gate", *(f"bypass {bypass}" for bypass in bypasses)], lines, left=2)


def units(part: Row) -> str:
    """The native unit against its convolutions alone, the straight version and other engines."""
    columns: dict[str, Callable[[Row], str]] = {
        "unit / its convolutions alone": lambda row: row["to_floor_spread"],
        "step, straight / ours": lambda row: row["step_spread"],
        "step, eager / ours": lambda row: row["step_eager_to_native"],
        "memory kept, ours / straight": lambda row: f"{row['saved_to_straight']:.2f}",
    }
    lines = [[row["layout"], *(write(row) for write in columns.values())] for row in part["rows"]]
    return table(["layout", *columns], lines)


def blocks(part: Row) -> str:
    """Steps of baselines and units against convolutions alone and against one another."""
    titles = list(part["rows"][0]["ratios"])
    lines = [
        [row["layout"], *(row["spreads"].get(title, f"{row['ratios'][title]:.2f}") for title in titles)]
        for row in part["rows"]
    ]
    return table(["layout", *titles], lines)


def step_parts(part: Row) -> str:
    """Shares of a training step by what they are spent on."""
    titles = list(part["rows"][0]["shares"])
    lines = [
        [row["layout"], f"`{row['model']}`", *(f"{100 * row['shares'][title]:.0f}" for title in titles)]
        for row in part["rows"]
    ]
    return table(["layout", "model", *(f"{title} [%]" for title in titles)], lines, left=2)


def builds(part: Row) -> str:
    """Steps of an older build as multiples of this one's."""
    lines = [[row["layout"], f"`{row['words']}`", row["old_commit"], row["old_to_new_spread"]] for row in part["rows"]]
    return table(["layout", "model", "older build", "older / this"], lines, left=3)


def report(part: Row) -> str:
    """Reports by an older build as multiples of this one's."""
    lines = [
        [f"`{row['form']}`", f"{row['runs']:,}", row["old_commit"], row["old_to_new_spread"], f"{row['new_s']:.1f}"]
        for row in part["rows"]
    ]
    return table(["form", "results", "older build", "older / this", "this [s]"], lines, left=1)


def epochs(part: Row) -> str:
    """Epochs of whole networks by other tools, as multiples of ours."""
    plain = ["DataLoader / ours", "Lightning / ours", "Keras / ours"]
    names = [*plain, "unit, eager / unit, ours", "unit, Keras / unit, ours", "ours / convolutions"]
    lines = [[row["layout"], *(_ratio(row, name) for name in names)] for row in part["rows"]]
    return table(["layout", *names], lines)


def _ratio(row: Row, name: str) -> str:
    """A ratio with quartiles, in the form of today's script or of the filed rows."""
    if "ratios" in row:
        return str(row["ratios"].get(name, {}).get("with_quartiles", "-"))
    return str(row.get(name, "-"))


def growth(part: Row) -> str:
    """Forward and backward of stacks of convolutions, as a multiple of the plain block's."""
    lines = [
        [
            str(row["width"]),
            str(row["depth"]),
            str(row["batch"]),
            f"{row['unit_to_plain']:.2f}",
            f"{row['straight_to_unit']:.2f}",
        ]
        for row in part["rows"]
    ]
    return table(["width", "depth", "batch", "unit / plain block", "straight / unit"], lines, left=0)


def chains(part: Row) -> str:
    """A step part by part over a chained one."""
    sizes = list(part["rows"][0]["spreads"])
    lines = [[row["layout"], row["model"], *(row["spreads"][size] for size in sizes)] for row in part["rows"]]
    return table(["layout", "model", *sizes], lines, left=2)


def step_growth(part: Row) -> str:
    """Training steps of plain networks by width, depth and batch, with one and two threads."""
    names = ("ms", "by the line [ms]", "off")
    header = ["varied", "width", "depth", "batch", *(f"{threads}: {name}" for threads in (1, 2) for name in names)]
    found = {(row["varied"], row["width"], row["depth"], row["batch"], row["threads"]): row for row in part["rows"]}
    lines = []
    for varied, width, depth, batch in dict.fromkeys(key[:4] for key in found):
        cells = [str(varied), str(width), str(depth), str(batch)]
        for threads in (1, 2):
            row = found.get((varied, width, depth, batch, threads))
            cells += [f"{row['ms']:.2f}", f"{row['line_ms']:.2f}", f"{row['off']:+.0%}"] if row else ["-"] * len(names)
        lines.append(cells)
    return table(header, lines, left=1)


def nago_step(part: Row) -> str:
    """Training steps of networks of random graphs by both engines, and their convolutions alone."""
    header = ["operations", "Mflop an image", "modules / one function (quartiles)", "one function / convolutions alone",
              "one function [ms]"]  # fmt: skip
    lines = [
        [
            *(str(row["operations"]), number(row["mflop"]), row["eager_to_native"], number(row["native_to_alone"])),
            number(1e3 * row["seconds"]["native"]["median_s"]),
        ]
        for row in part["rows"]
    ]
    return table(header, lines, left=0)


def memory(part: Row) -> str:
    """Memory of a run by process, its own pages and those of files, at the moment of the peak."""
    parts = ("command", "fork server", "child")
    lines = []
    for row in part["rows"]:
        each = [row["at_peak"].get(name, {"own": 0, "files": 0}) for name in parts]
        cells = [f"{memory['own']:.0f} + {memory['files']:.0f}" for memory in each]
        lines.append([f"`{row['model']}`", f"{row['peak_mib']:.0f}", *cells])
    return table(["run", "together [MiB]", *(f"{name}, own + files" for name in parts)], lines)


def subnormals(part: Row) -> str:
    """Time with numbers below 1.2e-38 kept, divided by that with them taken for zero."""
    lines = [[row["what"], number(row["at_first"]), row["later_with_quartiles"]] for row in part["rows"]]
    return table(["what", "kept / taken for zero, at first", "later (quartiles)"], lines)


def parallel(part: Row) -> str:
    """Wall clock of whole sweeps over what their runs need if all cores only train."""
    header = ["way", "wall clock [s]", "own seconds / cores [s]", "wall / own (range)", "wall / own of sequential",
              "set-up [core s]", "checkpoints [core s]", "outside of runs [core s]"]  # fmt: skip
    lines = [
        [
            f"`{row['way']}`",
            *(number(row["wall_s"], 1), number(row["own_s"] / row["cores"], 1)),
            f"{row['ratio']:.2f} ({row['least']:.2f}-{row['most']:.2f}){_met(row)}",
            number(row.get("to_sequential")),
            *(number(row[key], 1) for key in ("setup_s", "checkpoint_s", "outside_s")),
        ]
        for row in part["rows"]
    ]
    return table(header, lines)


def _met(row: Row) -> str:
    """What the bar of `parallel=auto` says of its ratio; other ways have none."""
    if row["way"] != "parallel":
        return ""
    return f", bar {PARALLEL_BAR} {'met' if row['ratio'] <= PARALLEL_BAR else 'not met'}"


def start(part: Row) -> str:
    """How long commands take to begin, as multiples of `import torch`."""
    lines = [
        [f"`mgu-run {row['command']}`", row["with_quartiles"], f"{row['seconds'][row['command']]['median_s']:.2f}"]
        for row in part["rows"]
    ]
    return table(["command", "times `import torch` (quartiles)", "median [s]"], lines)


def predict(part: Row) -> str:
    """Processor time of predictions from a cold start, beside a plain script's."""
    lines = [
        [f"`{row['command']}`", row["with_quartiles"], str(row["bar"]), *medians(row["seconds"])]
        for row in part["rows"]
    ]
    header = ["command", "times the plain script (quartiles)", "bar", "median [s]", "the script's [s]"]
    return table(header, lines)


def medians(seconds: Row) -> list[str]:
    return [number(own["median_s"]) for own in seconds.values()]


def serve(part: Row) -> str:
    """What a page that watches runs under way takes of the machine."""
    lines = [
        [
            row["states"],
            *(f"{100 * row['share']:.1f}", f"{100 * row['bar']:.0f}", f"{1000 * row['slowest_s']:.0f}"),
            f"{row['peak_mib']:.0f}",
        ]
        for row in part["rows"]
    ]
    header = ["under way", "of one core [%]", "bar [%]", "slowest answer [ms]", "memory at most [MiB]"]
    return table(header, lines)


def folders(part: Row) -> str:
    """Seconds of commands by the number of runs in their folder."""
    sizes = sorted({size for row in part["rows"] for size in row["runs"]})
    lines = []
    for row in part["rows"]:
        medians = dict(zip(row["runs"], row["median_s"], strict=True))
        times = [number(medians.get(size)) for size in sizes]
        lines.append([row["command"], *times, number(row["ms_per_run"], 3), number(row["bend"])])
    return table(["command", *(f"{size:,} runs [s]" for size in sizes), "a further run [ms]", "bend"], lines)


def seeds(part: Row) -> str:
    """Processor time of separate runs over that of runs trained together."""
    lines = [
        [row["layout"], row["norm"], f"{row['flops'] / 1e6:.2f}", str(row["seeds"]), row["alone / together"]]
        for row in part["rows"]
    ]
    return table(["layout", "norm", "MFLOPs of an image", "seeds", "separate / together (quartiles)"], lines, left=2)


def augment(part: Row) -> str:
    """Processor time of augmented steps over that of plain ones."""
    lines = [[f"`augment={row['augment']}`", _augmented(row), _step_ms(row)] for row in part["rows"]]
    return table(["augmentation", "augmented / plain (quartiles)", "plain step [ms]"], lines)


def augmented_to_plain(row: Row) -> float:
    """Returns the ratio of medians."""
    seconds = row["processor_seconds"]
    ratio: float = seconds[row["augment"]]["median_s"] / seconds["none"]["median_s"]
    return ratio


def _augmented(row: Row) -> str:
    """Returns the ratio of medians, with the quartiles of the ratios per round."""
    return f"{augmented_to_plain(row):.2f} {row['augmented / plain'].partition(' ')[2]}"


def _step_ms(row: Row) -> str:
    return f"{1e3 * row['processor_seconds']['none']['median_s'] / row['steps']:.1f}"


def decoding(part: Row) -> str:
    """Returns the seconds of each round, and their ratios."""
    header = ["round", "first epoch [s]", "later epoch [s]", "ImageFolder, bytes [s]", "ImageFolder, floats [s]",
              "first : bytes", "first : floats", "later : floats"]  # fmt: skip
    ratios = (("first_s", "bytes_s"), ("first_s", "floats_s"), ("later_s", "floats_s"))
    rows = [
        [str(place), *(number(row[name], 1) for name in ("first_s", "later_s", "bytes_s", "floats_s")),
         *(number(row[name] / row[of]) for name, of in ratios)]
        for place, row in enumerate(part["rows"], start=1)
    ]  # fmt: skip
    return table(header, rows, left=1)
