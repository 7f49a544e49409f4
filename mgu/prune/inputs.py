"""What pruning starts from: a trained unit that classifies, and the data that decide."""

from __future__ import annotations

import shlex

from mgu.config.datasets import AnyDataset, AnyImages
from mgu.config.layouts import PythonLayoutConfig
from mgu.data.datasets import find_kind
from mgu.data.splits import Splits, split_holdout
from mgu.errors import UserError
from mgu.export.network import Exportable, Format
from mgu.factory.trained import TrainedRun
from mgu.prune.network import Network


def unit_of(trained: TrainedRun) -> Network:
    """Checks that a run can be pruned.

    Args:
        trained: A trained run.

    Returns:
        Its model, a stack of the paper's units.

    Raises:
        UserError: The run does not classify, is a baseline, or has other paths.
    """
    described, model = trained.config.mgu, trained.model
    if isinstance(trained.config.layout, PythonLayoutConfig):
        raise UserError(
            f"RUN must be of a stack of units, but {trained.folder} is of a network of your own "
            f"({trained.config.layout.target}), whose layers are not known. Name a run with mgu=..., in which "
            "layout.layer=... puts layers of your own."
        )
    if not described:
        raise UserError(
            f"RUN must be of a unit, but {trained.folder} is a baseline: it has no gates to prune. "
            "Name a run with mgu=..."
        )
    if not described.is_paper:
        raise UserError(
            f"RUN must be of the paper's unit, but {trained.folder} has other paths ({described.name}), which are not "
            "pruned yet. Name a run with mgu=equations, reference or lean."
        )
    if trained.config.dataset.task != "classification" or not isinstance(model, Network):
        raise UserError(
            f"RUN must classify, but {trained.folder} is of {trained.config.dataset.task}, and accuracy decides which "
            "gates become constants. Name another; mgu-run explain shows what the gates of this one do."
        )
    return model


def check_kind(trained: TrainedRun, form: Format) -> None:
    """Checks that a pruned network can be compared with its export on raw examples while it is being pruned.

    Args:
        trained: A trained run.
        form: The format of the export.

    Raises:
        UserError: The run is on a table.
    """
    if not isinstance(trained.splits.val, Exportable):
        raise UserError(
            f"--export must be of a run on images or on data from a function, but {trained.folder} is of dataset="
            f"{trained.config.dataset.name}. Leave out --export, and afterwards call `mgu-run export "
            f"{shlex.quote(str(trained.folder))} --to {form} --pruned`."
        )


def choosing_splits(trained: TrainedRun) -> tuple[Splits, str]:
    """Chooses the data that pruning trains on, decides by, and tests on.

    With split: paper, the test data validated the run and must not decide, so a tenth of the training data does.

    Args:
        trained: A trained run.

    Returns:
        The splits, of which `val` decides, and words for the data that decide.
    """
    examples = name_examples(trained.config.dataset)
    if trained.splits.test is not None:
        return trained.splits, f"the run's validation {examples}"
    return (
        split_holdout(trained.splits.train, trained.splits.val),
        f"a tenth of the training {examples}, on which the unit was trained: that favours the unit, not the pruned "
        f"network. Train with dataset.split=holdout to choose by {examples} that neither has seen",
    )


def name_examples(dataset: AnyDataset) -> str:
    """Returns what the inputs of a network are called, in the plural: of cases it takes the images one by one."""
    return "images" if isinstance(dataset, AnyImages) else find_kind(dataset.name).examples
