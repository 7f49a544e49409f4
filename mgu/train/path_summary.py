"""What the path norm of a network comes to: a few numbers for the log of a run and for its explanation."""

from __future__ import annotations

from typing import NamedTuple

import torch

from mgu.train.path_norm import PathNorm

QUANTILES = (0.0, 0.5, 1.0)


class PathSummary(NamedTuple):
    """Holds the path norm of a network, and how far its kappa spans.

    Attributes:
        gamma_squared: The square of the path norm.
        quantiles: The smallest, the median and the largest entry of the first part of kappa, over all weights.
        second_over_first: Ratio of the parts of kappa by Frobenius norm, by the place of the recurrent weights among
            the parameters; of other weights there is no second part.
    """

    gamma_squared: float
    quantiles: tuple[float, ...]
    second_over_first: dict[int, float]


def summarise(paths: PathNorm) -> PathSummary:
    """Computes the summary of the present weights of a network.

    Args:
        paths: Its path norm.

    Returns:
        The summary.
    """
    kappas = paths.kappas(is_full=True)
    values = torch.cat([kappa.first.flatten() for kappa in kappas])
    return PathSummary(
        float(paths.gamma_squared()),
        tuple(float(values.quantile(share)) for share in QUANTILES),
        {
            index: float(kappa.second.norm() / kappa.first.norm())
            for index, kappa in enumerate(kappas)
            if kappa.second is not None
        },
    )


def describe_kappas(paths: PathNorm) -> str:
    """Describes the path norm of a network and its kappa, for the log of a run.

    Args:
        paths: The path norm of the network.

    Returns:
        The words, in one line, with the quantiles of kappa.
    """
    summary = summarise(paths)
    quantiles = ", ".join(f"{value:.3g}" for value in summary.quantiles)
    text = f"path norm: gamma^2 {summary.gamma_squared:.4g}; kappa smallest, median and largest {quantiles}"
    parts = ", ".join(f"{ratio:.3g}" for ratio in summary.second_over_first.values())
    return f"{text}; second over first part of recurrent weights {parts}" if parts else text
