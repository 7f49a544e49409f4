"""What a unit chooses among, as data: its processors, and the choices that gates make among them.

A processor is a name and the steps that the layer's output goes through in turn: `batch_norm, activation` is A(BN(L)).
A choice is made by one gate between two branches, or by a softmax over all processors. The paper's two wirings are two
such descriptions; `build_wiring` makes others.

Damian and Piciu (2020) contradict themselves: the equations of section 4.1 and the code of section 4.2, which agrees
with the diagnosis printed in section 6.2, wire three places differently. Both wirings are kept. Only the place of layer
normalisation changes the family of functions; a swapped polarity is a change of sign in the gate's weights, but it
decides what an open gate means. This module imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from mgu.text.nearest import did_you_mean

Gate = str  # name of a gate
Mixing = Literal["tree", "softmax"]
GateKind = Literal["replica", "depthwise", "squeeze", "spatial", "channel", "scalar"]  # see mgu/unit/gates.py
BypassKind = Literal["replica", "projection", "identity", "padded"]  # see mgu/unit/bypass.py
GATE_KINDS: tuple[GateKind, ...] = get_args(GateKind)
BYPASS_KINDS: tuple[BypassKind, ...] = get_args(BypassKind)

GATES: tuple[Gate, ...] = ("bn_order", "bn_or_ln", "norm_or_none", "residual", "skip")  # the paper's five
ACTIVATION = "activation"  # the step that is the unit's own activation
FUNCTIONS = (ACTIVATION, "selu", "relu", "gelu", "silu", "tanh")  # steps without weights
# Steps with a module of their own, see mgu/unit/processors.py.
MODULES = (
    "batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "switchable_norm", "squeeze_excitation",
    "dropout",
)  # fmt: skip
BRANCHES = ("layer", "bypass", "mixed", "with_residual", "residual", "processed", "skip")  # no processor's names


class ProcessorStep(NamedTuple):
    """Describes one step of a processor.

    Attributes:
        kind: One of FUNCTIONS or MODULES.
        module: Name of the step's module in the unit; None for a function.
    """

    kind: str
    module: str | None = None


@dataclass(frozen=True)
class Choice:
    """Names the two branches of a gate g: its result is g * when_open + (1 - g) * when_closed, under the gate's name.

    Attributes:
        when_open: The branch that g = 1 passes.
        when_closed: The branch that g = 0 passes.
    """

    when_open: str
    when_closed: str


@dataclass(frozen=True)
class Wiring:
    """Describes what a unit chooses among.

    Attributes:
        processors: The steps of each processor, by its name.
        shares: The gate of each processor in a softmax over all processors; empty where gates choose in a tree.
        mixed: Name of the branch that the choice among the processors results in.
        choices: The two branches of each gate, in order of computation.
    """

    processors: dict[str, tuple[ProcessorStep, ...]]
    shares: dict[str, Gate]
    mixed: str
    choices: dict[Gate, Choice]

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Names of all gates, in order of computation."""
        return (*self.shares.values(), *self.choices)

    @property
    def ln_after_activation(self) -> bool:
        """Whether the layer-norm branch of a paper's wiring is LN(A(L)), as in "reference", and not A(LN(L))."""
        return self.processors["ln"][0].kind == ACTIVATION


def _paper(ln: tuple[ProcessorStep, ...], bn_order: Choice, skip: Choice) -> Wiring:
    """Returns a wiring of the paper, given the three places where the two differ."""
    act = ProcessorStep(ACTIVATION)
    return Wiring(
        processors={
            "activated": (act,),
            "bn_before_activation": (ProcessorStep("batch_norm", "bn_before_activation"), act),  # eq. 4
            "bn_after_activation": (act, ProcessorStep("batch_norm", "bn_after_activation")),  # eq. 3
            "ln": ln,
        },
        shares={},
        mixed="norm_or_none",
        choices={
            "bn_order": bn_order,
            "bn_or_ln": Choice("bn_order", "ln"),  # eq. 9
            "norm_or_none": Choice("bn_or_ln", "activated"),  # eq. 12
            "residual": Choice("norm_or_none", "with_residual"),  # eq. 16
            "skip": skip,
        },
    )


WIRINGS = {
    "equations": _paper(
        ln=(ProcessorStep("layer_norm", "ln"), ProcessorStep(ACTIVATION)),  # eq. 8
        bn_order=Choice("bn_after_activation", "bn_before_activation"),  # eq. 5
        skip=Choice("processed", "bypass"),  # eq. 19
    ),
    "reference": _paper(
        ln=(ProcessorStep(ACTIVATION), ProcessorStep("layer_norm", "ln")),
        bn_order=Choice("bn_before_activation", "bn_after_activation"),
        skip=Choice("bypass", "processed"),
    ),
}


def build_wiring(processors: Mapping[str, Sequence[str]], mixing: Mixing = "tree") -> Wiring:
    """Builds a wiring over processors of one's own; residual and skip are those of the equations.

    Args:
        processors: The kinds of the steps of each processor, by its name: FUNCTIONS or MODULES.
        mixing: "tree" has gates as the paper does: after the first processor each processor p has a gate `before_<p>`,
            which passes the result of the processors before p when it is open, and p when it is closed. "softmax" has a
            gate `share_<p>` for each processor p, and a softmax over all of them.

    Returns:
        The wiring.

    Raises:
        ValueError: The name of a processor is taken or no word, or a step is unknown.
    """
    for name, kinds in processors.items():
        _check(name, kinds)
    first, *others = processors
    shares = {name: f"share_{name}" for name in processors} if mixing == "softmax" and others else {}
    results = [first, *(f"before_{name}" for name in others)]  # of the tree, after each processor
    in_tree = {} if shares else {f"before_{p}": Choice(before, p) for p, before in zip(others, results, strict=False)}
    mixed = "mixed" if shares else results[-1]
    return Wiring(
        processors={name: _steps(name, kinds) for name, kinds in processors.items()},
        shares=shares,
        mixed=mixed,
        choices={**in_tree, "residual": Choice(mixed, "with_residual"), "skip": Choice("processed", "bypass")},
    )


def _steps(processor: str, kinds: Sequence[str]) -> tuple[ProcessorStep, ...]:
    """Returns the steps of a processor, whose modules are named by it and their position."""
    names = [f"{processor}_{position}" if kind in MODULES else None for position, kind in enumerate(kinds)]
    return tuple(map(ProcessorStep, kinds, names))


def _check(processor: str, kinds: Sequence[str]) -> None:
    """Raises ValueError where a processor's name or one of its steps is not allowed."""
    if not processor.isidentifier() or processor in BRANCHES or processor.startswith("before_"):
        raise ValueError(
            f"a processor's name must be a word of letters, digits and _, and none of {', '.join(BRANCHES)}, before_*, "
            f"but got {processor!r}. Choose another name."
        )
    known = (*FUNCTIONS, *MODULES)
    for kind in kinds:
        if kind not in known:
            raise ValueError(
                f"a step of processor {processor!r} must be one of {', '.join(known)}, but got {kind!r}."
                f"{did_you_mean(kind, known) or ' Leave it out.'}"
            )
