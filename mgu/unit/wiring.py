"""What a unit chooses among, as data: its processors, and the choices that gates make among them.

A processor is a name and the steps that the layer's output goes through in turn: `batch_norm, activation` is A(BN(L)).
A choice is made by one gate between two branches, or by a softmax over all processors. The paper's two wirings are two
such descriptions; `describe` makes others.

Seed 001 contradicts itself: its equations (1)-(19) and its code with the printed diagnosis wire three places
differently. Both are kept. Only the place of layer normalisation changes the family of functions; a swapped polarity is
a change of sign in the gate's weights, but it decides what an open gate *means*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from mgu.errors import did_you_mean

Gate = str
Mixing = Literal["tree", "softmax"]
GateKind = Literal["replica", "depthwise", "squeeze", "spatial", "channel", "scalar"]  # see mgu/unit/gates.py
BypassKind = Literal["replica", "projection", "identity", "padded"]  # see mgu/unit/bypass.py
GATE_KINDS: tuple[GateKind, ...] = get_args(GateKind)
BYPASS_KINDS: tuple[BypassKind, ...] = get_args(BypassKind)

GATES: tuple[Gate, ...] = ("bn_order", "bn_or_ln", "norm_or_none", "residual", "skip")  # the paper's five
ACTIVATION = "activation"  # the step that is the unit's own activation
FUNCTIONS = (ACTIVATION, "selu", "relu", "gelu", "silu", "tanh")  # steps without weights
MODULES = (  # steps with a module of their own, see mgu/unit/processors.py
    "batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "switchable_norm", "squeeze_excitation",
    "dropout",
)  # fmt: skip
BRANCHES = ("layer", "bypass", "mixed", "with_residual", "residual", "processed", "skip")  # no processor's names


class Step(NamedTuple):
    """`kind`: of FUNCTIONS or MODULES; `module`: the name of its module in the unit, None for a function."""

    kind: str
    module: str | None = None


@dataclass(frozen=True)
class Paths:
    """The two branches of a gate; its result is g * when_open + (1 - g) * when_closed, under the gate's own name."""

    when_open: str
    when_closed: str


@dataclass(frozen=True)
class Wiring:
    """processors: their steps by name. shares: the gates of a softmax over all processors, by processor; empty without.

    mixed: the branch that holds what the processors came to. paths: in order of computation.
    """

    processors: dict[str, tuple[Step, ...]]
    shares: dict[str, Gate]
    mixed: str
    paths: dict[Gate, Paths]

    @property
    def gates(self) -> tuple[Gate, ...]:
        """All of them, in order of computation."""
        return (*self.shares.values(), *self.paths)

    @property
    def ln_after_activation(self) -> bool:
        """Of the paper's wirings: whether the layer-norm branch is LN(A(L)), not A(LN(L))."""
        return self.processors["ln"][0].kind == ACTIVATION


def _paper(ln: tuple[Step, ...], bn_order: Paths, skip: Paths) -> Wiring:
    """What both wirings have in common, and the three places where they differ."""
    act = Step(ACTIVATION)
    return Wiring(
        processors={
            "activated": (act,),
            "bn_before_activation": (Step("batch_norm", "bn_before_activation"), act),  # eq. 4
            "bn_after_activation": (act, Step("batch_norm", "bn_after_activation")),  # eq. 3
            "ln": ln,
        },
        shares={},
        mixed="norm_or_none",
        paths={
            "bn_order": bn_order,
            "bn_or_ln": Paths("bn_order", "ln"),  # eq. 9
            "norm_or_none": Paths("bn_or_ln", "activated"),  # eq. 12
            "residual": Paths("norm_or_none", "with_residual"),  # eq. 16
            "skip": skip,
        },
    )


WIRINGS = {
    "equations": _paper(
        ln=(Step("layer_norm", "ln"), Step(ACTIVATION)),  # eq. 8
        bn_order=Paths("bn_after_activation", "bn_before_activation"),  # eq. 5
        skip=Paths("processed", "bypass"),  # eq. 19
    ),
    "reference": _paper(
        ln=(Step(ACTIVATION), Step("layer_norm", "ln")),
        bn_order=Paths("bn_before_activation", "bn_after_activation"),
        skip=Paths("bypass", "processed"),
    ),
}


def describe(processors: Mapping[str, Sequence[str]], mixing: Mixing = "tree") -> Wiring:
    """A wiring over processors of one's own, given as the kinds of their steps; residual and skip are of the equations.

    tree: gates as the paper's, from the first processor on: the gate `before_<p>` passes open what the processors
    before p came to, closed p. softmax: a gate `share_<p>` for each processor p, under a softmax over all.
    Raises ValueError for a name or a step that cannot be.
    """
    for name, kinds in processors.items():
        _check(name, kinds)
    first, *others = processors
    shares = {name: f"share_{name}" for name in processors} if mixing == "softmax" and others else {}
    results = [first, *(f"before_{name}" for name in others)]  # of the tree, as far as it has come
    choices = {} if shares else {f"before_{p}": Paths(so_far, p) for p, so_far in zip(others, results, strict=False)}
    mixed = "mixed" if shares else results[-1]
    return Wiring(
        processors={name: _steps(name, kinds) for name, kinds in processors.items()},
        shares=shares,
        mixed=mixed,
        paths={**choices, "residual": Paths(mixed, "with_residual"), "skip": Paths("processed", "bypass")},
    )


def _steps(processor: str, kinds: Sequence[str]) -> tuple[Step, ...]:
    return tuple(Step(kind, f"{processor}_{at}" if kind in MODULES else None) for at, kind in enumerate(kinds))


def _check(processor: str, kinds: Sequence[str]) -> None:
    if not processor.isidentifier() or processor in BRANCHES or processor.startswith("before_"):
        raise ValueError(
            f"a processor's name must be a word of letters, digits and _, and none of {', '.join(BRANCHES)}, before_*, "
            f"but got {processor!r}. Call it otherwise."
        )
    known = (*FUNCTIONS, *MODULES)
    for kind in kinds:
        if kind not in known:
            raise ValueError(
                f"a step of processor {processor!r} must be one of {', '.join(known)}, but got {kind!r}."
                f"{did_you_mean(kind, known) or ' Leave it out.'}"
            )
