"""How large the second part of kappa is, which path-SGD leaves out by default: of networks at their start.

    .venv/bin/python benchmarks/path_parts.py [--seeds 5]

Recurrent weights of H = 100 for two features and one output. It depends on no data.
"""

from __future__ import annotations

import argparse
from statistics import mean
from typing import Any

import torch
from filed import check_seeds_to_train
from recurrent_step import configure
from side_by_side import save

from mgu.layers.recurrent import Recurrent
from mgu.models.mlp import MLP
from mgu.train.path_norm import PathNorm

WIDTH = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    check_seeds_to_train("path_sgd", "parts", options.seeds)
    torch.set_num_threads(1)
    rows = [
        row(start, steps, options.seeds)
        for start in ("uniform", "positive_definite", "identity")
        for steps in (10, 50, 100)
    ]
    save("path_sgd", "parts", configure("sgd"), rows)
    for each in rows:
        print(each)


def row(start: Any, steps: int, seeds: int) -> dict[str, Any]:
    """Returns the ratio of the second part to the first by Frobenius norm, of the matrix and of its diagonal."""
    whole, diagonal = [], []
    for seed in range(seeds):
        torch.manual_seed(seed)
        model = MLP([Recurrent(2, WIDTH, "relu", start)], WIDTH, 1, 0.0, reads_steps=True)
        kappa = PathNorm(model, (steps, 2)).kappas(is_full=True)[1]  # of the recurrent weights
        assert kappa.second is not None
        whole.append(float(kappa.second.norm() / kappa.first.norm()))
        diagonal.append(float(kappa.second.diagonal().norm() / kappa.first.diagonal().norm()))
    return {"start": start, "steps": steps, "seeds": seeds, "ratio": mean(whole), "diagonal": mean(diagonal)}


if __name__ == "__main__":
    main()
