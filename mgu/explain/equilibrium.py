"""equilibrium.json: what the iteration of an equilibrium layer does on held-out data, with a run's best weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mgu.console.text import count, print_line
from mgu.data.splits import Data
from mgu.equilibrium.composed import Composed
from mgu.equilibrium.layer import Equilibrium
from mgu.equilibrium.objective import contraction, objective
from mgu.equilibrium.operator import operator_norm
from mgu.equilibrium.single import Single
from mgu.factory.equilibrium import equilibria_of
from mgu.factory.resolved_run import ResolvedRun
from mgu.results.compare.axes import call_lean
from mgu.results.on_disk.file_names import EQUILIBRIUM_FILE
from mgu.results.on_disk.files import write_text
from mgu.results.on_disk.sealed import to_sealed_json
from mgu.results.schema.parts import Record
from mgu.results.schema.split import name_split
from mgu.train.loop import evaluate

ONE = "minimises the objective of one convex function"
DEEP = "minimises no simple sum; tends to the minimiser of the sum of Moreau envelopes as a grows"
PRIORS = {
    "l1": "minimises the Moreau envelope plus the prior l1",
    "l2": "minimises the Moreau envelope plus the prior l2",
    "viscosity": "is a blend of a fixed point and 0, by the viscosity of the last step",
}


class LayerExplanation(Record, frozen=True):
    """Holds what the iteration of one layer does.

    Attributes:
        module: Its name in the model.
        meaning: What the fixed point is, in words.
        iterations: Mean iterations of a batch.
        residual: Largest relative residual with which a batch ended.
        unconverged: Batches that ended above the tolerance.
        norms: Operator norm of W of each sub-layer after scaling, estimated by power iteration.
        active: Share of the inner units with a slope above a half at the fixed point; null for several sub-layers.
        objective_start: Mean objective of an example where the iteration starts; null where it has no closed form.
        objective: The same at the fixed point.
        contraction: Mean over the examples of the factor by which an iteration shortens an error there.
        contraction_largest: The largest one.
    """

    module: str
    meaning: str
    iterations: float
    residual: float
    unconverged: int
    norms: list[float]
    active: float | None
    objective_start: float | None
    objective: float | None
    contraction: float | None
    contraction_largest: float | None


class EquilibriumExplanation(Record, frozen=True):
    """Holds what the equilibria of a run's model do on its validation data.

    Attributes:
        schema_version: Version of this schema.
        name: Name of the run.
        identity: Identity of the run.
        dataset: Name of the data set.
        split: How the data are split.
        examples: Number of validation examples.
        metric: The metric that the run is ranked by.
        score: Its value in the same pass.
        layers: The equilibria by depth.
    """

    schema_version: Literal[1]
    name: str
    identity: str
    dataset: str
    split: str
    examples: int
    metric: str
    score: float
    layers: list[LayerExplanation]


def explain_equilibria(resolved: ResolvedRun, model: nn.Module, data: Data) -> EquilibriumExplanation:
    """Evaluates a model once while watching its equilibria.

    Args:
        resolved: The configuration of the run, with its device and data.
        model: Its model, which is left in evaluation mode.
        data: The data to evaluate on.

    Returns:
        The explanation.
    """
    config, layers = resolved.config, equilibria_of(model)
    watched = {name: _Watch(layer) for name, layer in layers.items()}
    for layer in layers.values():
        layer.statistics.clear()
    handles = [layer.register_forward_pre_hook(watched[name].see) for name, layer in layers.items()]
    try:
        metrics = evaluate(model, data, resolved.task, config.training.eval_batch_size)
    finally:
        for handle in handles:
            handle.remove()
    explained = [watch.explain(name) for name, watch in watched.items()]
    for layer in layers.values():
        layer.statistics.clear()
    return EquilibriumExplanation(
        schema_version=1,
        name=config.name,
        identity=config.identity,
        dataset=config.dataset.label,
        split=name_split(config.dataset.split, config.dataset.name),
        examples=len(data),
        metric=config.score.metric,
        score=metrics[config.score.metric],
        layers=explained,
    )


class _Watch:
    """Sums up what is computed of each batch of a layer."""

    def __init__(self, layer: Equilibrium) -> None:
        self.layer = layer
        self.sums: dict[str, float] = {}
        self.examples, self.largest, self.norms = 0, 0.0, list[float]()

    def see(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        system = self.layer.system(inputs[0])
        if not self.norms:
            weights = system.weights if isinstance(system, Composed) else [system.weight]
            operators: Any = self.layer.operators
            self.norms = [operator_norm(*pair) for pair in zip(operators, weights, strict=True)]
        if isinstance(system, Single):
            self._see_single(system, len(inputs[0]))

    def _see_single(self, system: Single, num: int) -> None:
        u = system.find(self.layer.limits).value
        shortening = contraction(system, u)
        slopes = system.slopes(system.gram()(u) + system.c, u)
        start, end = objective(system, system.start()), objective(system, u)
        means: dict[str, Tensor] = {"active": (slopes > 0.5).flatten(1).float().mean(dim=1), "contraction": shortening}
        means |= {} if start is None or end is None else {"objective_start": start, "objective": end}
        for name, values in means.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(values.sum(dtype=torch.float64))
        self.examples += num
        self.largest = max(self.largest, float(shortening.max()))

    def explain(self, module: str) -> LayerExplanation:
        """Returns the means over all examples."""
        settings, tally = self.layer.settings, self.layer.statistics.evaluate
        means = {name: value / self.examples for name, value in self.sums.items()}
        names = ("active", "objective_start", "objective", "contraction")
        return LayerExplanation(
            module=module,
            meaning=PRIORS.get(settings.prior) or (DEEP if settings.sublayers > 1 else ONE),
            iterations=tally.mean_iterations,
            residual=tally.residual,
            unconverged=tally.unconverged,
            norms=self.norms,
            contraction_largest=self.largest if "contraction" in means else None,
            **{name: means.get(name) for name in names},
        )


def write_equilibria(folder: Path, explanation: EquilibriumExplanation) -> None:
    """Writes equilibrium.json atomically, with its checksum.

    Args:
        folder: The folder of the run.
        explanation: The explanation.
    """
    write_text(folder / EQUILIBRIUM_FILE, equilibria_to_json(explanation))


def equilibria_to_json(explanation: EquilibriumExplanation) -> str:
    """Writes an explanation as indented JSON that ends with its checksum.

    Args:
        explanation: The explanation.

    Returns:
        The text of equilibrium.json.
    """
    return to_sealed_json(explanation).decode()


def print_equilibria(explanation: EquilibriumExplanation) -> None:
    """Prints what each equilibrium does, a line for each thing.

    Args:
        explanation: The explanation.
    """
    print_line(f"{call_lean(explanation.name)}: {explanation.examples:,} validation examples of {explanation.dataset}, "
               f"{explanation.metric} {explanation.score:.4g}")  # fmt: skip
    for layer in explanation.layers:
        print_line(f"  {layer.module}: the fixed point {layer.meaning}")
        for line in _lines(layer):
            print_line(f"    {line}")


def _lines(layer: LayerExplanation) -> list[str]:
    """Describes what one equilibrium does: iterations, norms, contraction and objective."""
    norms = ", ".join(f"{norm:.4f}" for norm in layer.norms)
    state = f"{count(layer.unconverged, 'batch')} did not converge" if layer.unconverged else "every batch converged"
    lines = [
        f"iterations {layer.iterations:.1f} a batch (mean), largest relative residual {layer.residual:.1e}; {state}",
        f"operator norm of W {norms} (power iteration)",
    ]
    if layer.active is not None and layer.contraction is not None:
        lines.append(f"active inner units {layer.active:.1%} (slope above 1/2)")
        lines.append(
            f"contraction {layer.contraction:.3f} an iteration (mean), {layer.contraction_largest:.3f} at most "
            "(largest eigenvalue of the Jacobian, power iteration)"
        )
    if layer.objective is not None:
        lines.append(
            f"objective {layer.objective_start:.4f} at the start, {layer.objective:.4f} at the fixed point (means)"
        )
    return lines
