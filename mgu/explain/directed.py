"""directed.json: the graph of a trained directed network, what can be proven of its stability, and its update."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import msgspec
from matplotlib import rc_context, style
from matplotlib.figure import Figure

from mgu.console.text import count, print_line
from mgu.data.splits import Data
from mgu.directed.certificates import certify
from mgu.directed.gradient import UpdateQuality, compare_update
from mgu.directed.network import DirectedNetwork
from mgu.factory.learner import build_rule
from mgu.factory.resolved_run import ResolvedRun
from mgu.results.on_disk.file_names import DIRECTED_FILE
from mgu.results.on_disk.files import replacing, write_text
from mgu.results.on_disk.sealed import seal
from mgu.results.schema.parts import Record
from mgu.results.schema.split import name_split
from mgu.train.loop import evaluate

PICTURES = ("graph.svg", "graph.png")
MOST_DRAWN = 40  # neurons, beyond which lines cover one another
MOST_CERTIFIED = 1000  # examples whose resting states are looked at
BACKPROPAGATION = "learning=backpropagation has no rule of its own"
SCHEMA_VERSION: Literal[3] = 3  # 1: margins of ds/dt only, also at states that do not rest; 2: nothing of the update
POSITIVE, NEGATIVE = "#2171b5", "#d95f02"  # differ for all common kinds of colour vision, and in grey


class DirectedExplanation(Record, frozen=True):
    """Holds the graph of a run's network and its certificates.

    Attributes:
        schema_version: Version of this schema.
        name: Name of the run.
        identity: Identity of the run.
        dataset: Name of the data set.
        split: How the data are split.
        examples: Number of validation examples.
        metric: The metric that the run is ranked by.
        score: Its value.
        kept: Share of the graph's connections that are there and not 0.
        removed: Share of them that was removed for good.
        steps: Mean steps of a batch to its resting states.
        unconverged: Batches that did not come to rest.
        certified: Examples whose resting states the certificates are of.
        rests: Whether all their states came to rest.
        clipped: Share of their states that are clipped.
        local: Margin of the local certificate of ds/dt, see mgu/directed/certificates.py; null: every state is clipped,
            or they do not rest.
        globally: Margin of the global one.
        gershgorin: Margin of Gershgorin's discs.
        dt: Step of Euler's method, in units of time.
        step_local: Margin of the local certificate of the step that is computed, which decides whether it holds.
        step_globally: Margin of the global one.
        step_gershgorin: Margin of Gershgorin's discs.
        cosine: Cosine of the learning rule's update with minus the true gradient, both of one batch, see
            mgu/directed/gradient.py; null: see `cosine_obstacle`.
        cosine_rows: Examples of that batch, of the validation data; 0: not computed.
        cosine_obstacle: Why there is no cosine; null: there is one.
        layers: Neurons by layer, the inputs with their bias first.
        weights: From every neuron (row) to those that are no inputs (column).
    """

    schema_version: Literal[3]
    name: str
    identity: str
    dataset: str
    split: str
    examples: int
    metric: str
    score: float
    kept: float
    removed: float
    steps: float
    unconverged: int
    certified: int
    rests: bool
    clipped: float
    local: float | None
    globally: float
    gershgorin: float
    dt: float
    step_local: float | None
    step_globally: float
    step_gershgorin: float
    cosine: float | None
    cosine_rows: int
    cosine_obstacle: str | None
    layers: list[int]
    weights: list[list[float]]


def explain_directed(resolved: ResolvedRun, model: DirectedNetwork, data: Data) -> DirectedExplanation:
    """Evaluates a directed network, certifies its resting states, and compares its update with the true gradient.

    Args:
        resolved: The configuration of the run, with its device and data.
        model: Its model, which is left in evaluation mode.
        data: The data to evaluate on.

    Returns:
        The explanation.
    """
    config = resolved.config
    model.statistics.clear()
    metrics = evaluate(model, data, resolved.task, config.training.eval_batch_size)
    tally = model.statistics.evaluate
    certified = min(len(data), MOST_CERTIFIED)
    proven = certify(model, data.batch(slice(0, certified))[0])
    quality = _compare(resolved, model, data)
    weight = (model.weight * model.mask).detach()
    explained = DirectedExplanation(
        schema_version=SCHEMA_VERSION,
        name=config.name,
        identity=config.identity,
        dataset=config.dataset.label,
        split=name_split(config.dataset.split, config.dataset.name),
        examples=len(data),
        metric=config.score.metric,
        score=metrics[config.score.metric],
        kept=model.kept,
        removed=1 - float(model.mask.sum()) / max(model.num_allowed, 1),
        steps=tally.mean_iterations,
        unconverged=tally.unconverged,
        certified=certified,
        rests=proven.rests,
        clipped=proven.clipped,
        local=_number(proven.flow.local),
        globally=proven.flow.globally,
        gershgorin=proven.flow.gershgorin,
        dt=model.dynamics.dt,
        step_local=_number(proven.step.local),
        step_globally=proven.step.globally,
        step_gershgorin=proven.step.gershgorin,
        cosine=quality.cosine,
        cosine_rows=quality.rows,
        cosine_obstacle=quality.obstacle,
        layers=[model.num_inputs, *model.layers],
        weights=[[round(value, 6) for value in row] for row in weight.tolist()],
    )
    model.statistics.clear()
    return explained


def _compare(resolved: ResolvedRun, model: DirectedNetwork, data: Data) -> UpdateQuality:
    """Compares the update of the run's rule with the true gradient, on one batch as large as those of training."""
    rule = build_rule(resolved.config)
    if rule is None:
        return UpdateQuality(None, 0, BACKPROPAGATION)
    rows = min(len(data), resolved.config.training.batch_size)
    return compare_update(model, rule, *data.batch(slice(0, rows)))


def _number(margin: float) -> float | None:
    return margin if math.isfinite(margin) else None


def directed_to_json(explanation: DirectedExplanation) -> str:
    """Writes an explanation as JSON that ends with its checksum; a row of weights is a line.

    Args:
        explanation: The explanation.

    Returns:
        The text of directed.json.
    """
    text = msgspec.json.format(msgspec.json.encode(explanation), indent=2).decode()
    head, _, rows = text.partition('"weights"')
    rows = rows.replace("\n      ", " ").replace("\n    ]", " ]")
    return seal(f'{head}"weights"{rows}\n'.encode()).decode()


def write_directed(folder: Path, explanation: DirectedExplanation) -> None:
    """Writes directed.json atomically.

    Args:
        folder: The folder of the run.
        explanation: The explanation.
    """
    write_text(folder / DIRECTED_FILE, directed_to_json(explanation))


def print_directed(explanation: DirectedExplanation) -> None:
    """Prints graph, certificates and the quality of the update, a line for each.

    Args:
        explanation: The explanation.
    """
    e = explanation
    state = f"{count(e.unconverged, 'batch')} did not come to rest" if e.unconverged else "every batch came to rest"
    lines = [
        f"{e.name}: {e.examples:,} validation examples of {e.dataset} ({e.split}), {e.metric} {e.score:.4g}",
        f"  connections kept {e.kept:.1%}, removed for good {e.removed:.1%}",
        f"  steps to rest {e.steps:.1f} a batch (mean); {state}",
        f"  stability of steps of {e.dt:g}, {e.certified:,} examples, {e.clipped:.1%} of the states clipped:",
        f"    local, neurons that are not clipped (radius of I + dt J < 1): {_margin(e.step_local, e.local, e.rests)}",
        f"    global, under clipping (||I + dt J|| < 1): {_margin(e.step_globally, e.globally)}",
        f"    Gershgorin's discs (within the unit circle): {_margin(e.step_gershgorin, e.gershgorin)}",
    ]
    if e.cosine_obstacle != BACKPROPAGATION:
        update = f"none, for {e.cosine_obstacle}" if e.cosine is None else f"{e.cosine:+.4f}, {e.cosine_rows} examples"
        lines.append(f"  cosine of the update with minus the true gradient: {update}")
    for line in lines:
        print_line(line)


def _margin(step: float | None, flow: float | None, rests: bool = True) -> str:
    """Returns whether a certificate holds for what is computed, with its margins, or why there is none."""
    if step is None or flow is None:
        return "every state is clipped" if rests else "none, for the states do not rest"
    return f"{'holds' if step > 0 else 'fails'}, margin {step:+.4f} (of ds/dt {flow:+.4f})"


def draw_graph(folder: Path, explanation: DirectedExplanation) -> tuple[str, ...]:
    """Draws the graph, its neurons by layer from left to right, lines as wide as the weights are large.

    Args:
        folder: Where the pictures go.
        explanation: The explanation.

    Returns:
        The names of the files; none for a graph that is too large to be read.
    """
    if sum(explanation.layers) > MOST_DRAWN:
        return ()
    settings: dict[str, Any] = {"font.size": 8, "svg.hashsalt": "mgu", "savefig.dpi": 200, "text.parse_math": False}
    with rc_context(), style.context(["default", settings]):
        figure = _draw(explanation)
        for name, metadata in zip(PICTURES, ({"Date": None}, {"Software": None}), strict=True):
            with replacing(folder / name) as temporary:
                figure.savefig(temporary, format=name.rpartition(".")[2], metadata=metadata)
    return PICTURES


def _draw(explanation: DirectedExplanation) -> Figure:
    """Draws the network: a node for each neuron, an arrow for each weight, and the stability margins above."""
    figure = Figure(figsize=(6.0, 4.2))
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.78))
    positions = _positions(explanation.layers)
    largest = max((abs(value) for row in explanation.weights for value in row), default=1.0) or 1.0
    num_inputs = explanation.layers[0]
    for source, row in enumerate(explanation.weights):
        for target, value in enumerate(row):
            if abs(value) < 0.02 * largest:  # finer than ink
                continue
            arrow = {"arrowstyle": "-|>", "color": POSITIVE if value > 0 else NEGATIVE, "alpha": 0.75,
                     "linewidth": 0.2 + 2.2 * abs(value) / largest, "shrinkA": 9, "shrinkB": 9,
                     "connectionstyle": "arc3,rad=0.12", "mutation_scale": 8}  # fmt: skip
            axes.annotate("", positions[num_inputs + target], positions[source], arrowprops=arrow)
    names = [*(f"x{at + 1}" for at in range(num_inputs - 1)), "1"]
    names += [f"h{at + 1}" for at in range(sum(explanation.layers[1:-1]))]
    names += [f"y{at + 1}" for at in range(explanation.layers[-1])]
    for (x, y), name in zip(positions, names, strict=True):
        axes.plot([x], [y], "o", markersize=15, markerfacecolor="white", markeredgecolor="#222222", markeredgewidth=0.8)
        axes.text(x, y, name, ha="center", va="center", fontsize=7)
    axes.set(xlim=(-0.3, len(explanation.layers) - 0.7), ylim=(-0.08, 1.08))
    axes.axis("off")
    absent = "all states clipped" if explanation.rests else "not at rest"
    local = absent if explanation.step_local is None else f"{explanation.step_local:+.3f}"
    title = (
        f"{explanation.name}: {explanation.metric} {explanation.score:.3g}, {explanation.kept:.0%} of the connections\n"
        f"stability margins of a step: local {local}, global {explanation.step_globally:+.3f}, "
        f"Gershgorin {explanation.step_gershgorin:+.3f}"
        f"\nblue: positive, orange: negative weights; widest line: {largest:.2f}"
    )
    figure.text(0.02, 0.98, title, va="top")
    return figure


def _positions(layers: list[int]) -> list[tuple[float, float]]:
    """Returns where each neuron is drawn: a column for each layer; one that others lead to and from is zigzag."""
    positions = []
    for column, num in enumerate(layers):
        for at in range(num):
            shift = 0.16 * (at % 2 * 2 - 1) if 0 < column < len(layers) - 1 and num > 3 else 0.0
            positions.append((column + shift, 1 - (at + 0.5) / num))
    return positions
