"""The schema of result.json, which holds all that is known of a run once it is over."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from mgu.results.schema.device_load import DeviceLoad
from mgu.results.schema.energy import Energy
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.parts import Count, Fraction, NonNegative, Number, Record, about
from mgu.results.schema.processor import Processor
from mgu.results.schema.replicate import Replicate, replicate_of
from mgu.results.schema.seconds import Seconds
from mgu.results.schema.solver import Solver
from mgu.results.schema.split import name_split
from mgu.results.schema.trained_by import TrainedBy
from mgu.tasks.score import Score, TaskName, score_of

# Older schemas are read, too: 1 lacks `resumed`, `contended` and `seconds.checkpoint`, 2 lacks `task`, 3 lacks
# `num_classes` and calls blocks units, 4 lacks `processor`, `files` and the checksum, 5 lacks `load`.
SCHEMA_VERSION: Literal[6] = 6

SETTLED = 0.1  # of the initial running statistics of batch norm: with more than this left they judge another network

# A block has other paths than the paper's unit, such as squeeze-and-excitation, or is a network of the user's that has
# units, configured in any way. It is ranked, but it is no part of the grid, and nothing that is claimed of
# the unit is claimed of it.
Kind = Literal["baseline", "unit", "block"]


class Result(Record, frozen=True):
    """Holds all that is known of a run; fields are None if they were not reached or not measured."""

    schema_version: Annotated[Literal[1, 2, 3, 4, 5, 6], about("Version of this schema.")]
    status: Annotated[
        Literal["ok", "diverged", "failed"],
        about("diverged: the loss was not finite; failed: an exception or timeout."),
    ]
    error: Annotated[str | None, about("Last line of the traceback of a failed run.")]
    name: Annotated[str, about("Name of the run; with identity it is the name of the folder.")]
    identity: Annotated[str, about("Hash of all that can change the result, eight hexadecimal digits.")]
    experiment_name: Annotated[str, about("Experiment that the run belongs to.")]
    model: Annotated[
        Kind,
        about(
            "What was trained; block: a unit with other paths than the paper's, or a network of the user's that has "
            "units."
        ),
    ]
    dataset: Annotated[str, about("Name of the data set.")]
    split: Annotated[str, about("How validation data were chosen: paper or holdout.")]
    layout: Annotated[str, about("Layout in the notation of the paper.")]
    norm: Annotated[str | None, about("Normalisation of a baseline.")]
    residual: Annotated[bool | None, about("Whether a baseline has residual connections.")]
    seed: Annotated[Number, about("Seed of initial weights, shuffling and dropout.")]
    config: Annotated[dict[str, Any], about("The whole configuration, see config.md.")]
    params_trainable: Annotated[
        Number | None, about("Number of trainable parameters, without those that a mask keeps at 0.")
    ]
    params_keras: Annotated[
        Number | None,
        about(
            "Number of parameters as Keras counts them, with running means and variances: no counters, no vectors of "
            "power iterations, no masks, and none of the weights that a mask keeps at 0."
        ),
    ]
    flops_per_sample: Annotated[Number | None, about("Floating-point operations of one example's forward pass.")]
    epochs: Annotated[Number, about("Number of epochs trained.")]
    best_epoch: Annotated[
        Count | None, about("Epoch that the weights are of: with the best validation score, or the last one.")
    ]
    train: Annotated[Metrics | None, about("Metrics on the training data, of the weights that were kept.")]
    val: Annotated[Metrics | None, about("Metrics on the validation data, of the weights that were kept.")]
    test: Annotated[Metrics | None, about("Metrics on the test data, of the weights that were kept.")]
    seconds: Annotated[Seconds | None, about("Wall-clock time by phase.")]
    energy: Annotated[Energy | None, about("Energy and emissions.")]
    device: Annotated[str | None, about("Processor or GPU that trained.")]
    versions: Annotated[
        dict[str, str], about("Versions of Python and of the libraries that compute a result, by name.")
    ]
    git_commit: Annotated[str | None, about("Commit of the checkout.")]
    resumed: Annotated[Number, about("How often the run was interrupted and resumed from a checkpoint.")] = 0
    contended: Annotated[bool, about("Whether another run shared the host while time and energy were measured.")] = (
        False
    )
    trained_together: Annotated[Count, about("Runs that one process trained at once, this one included.")] = 1
    task: Annotated[TaskName, about("What was learned.")] = "classification"
    num_classes: Annotated[Count | None, about("Number of classes of a classification.")] = None
    classes: Annotated[
        list[str] | None,
        about(
            "Names of the classes in the order of the network's outputs, where confusion is: for at most 100 classes; "
            "of the user's own images all. Where they are null, preprocessing.json of the run has them."
        ),
    ] = None
    processor: Annotated[Processor | None, about("Use of the processor, and the power assumed of it.")] = None
    solver: Annotated[
        Solver | None, about("Iterations of equilibrium layers or of a directed network; null without any.")
    ] = None
    load: Annotated[DeviceLoad | None, about("How busy processor and GPU were, by phase.")] = None
    active_weights: Annotated[
        Number | None,
        about(
            "Weights that no mask keeps at 0, of a layout with densities, without biases; of a directed network its "
            "connections."
        ),
    ] = None
    dead_units: Annotated[Number | None, about("Hidden units that masks leave without an input or an output.")] = None
    gamma_squared: Annotated[
        NonNegative | None,
        about(
            "Square of the path norm of the weights that were kept, of path-SGD and of recurrent ReLU layouts without "
            "norm or unit; null of others, and where squared weights overflow."
        ),
    ] = None
    statistics_left: Annotated[
        Fraction | None,
        about(
            "Share of their initial values that batch norm's running statistics still have in the weights that were "
            "kept, which are judged by them: (1 - momentum) to the power of the steps, 0 with training.precise_bn; "
            "of what the weights had that training started from; null without batch norm, and where that is not known."
        ),
    ] = None
    earlier_parts: Annotated[
        list[TrainedBy],
        about(
            "By what each interrupted call trained the run, where one had another device, version or commit than those "
            "above; empty where all had these."
        ),
    ] = msgspec.field(default_factory=list)
    files: Annotated[dict[str, str], about("SHA-256 of the run's other files, by name.")] = msgspec.field(
        default_factory=dict
    )

    @property
    def kind(self) -> Kind:
        """`model`, corrected for files of schema 3 and older, which called blocks units."""
        unit = self.config.get("mgu")
        has_own_paths = isinstance(unit, dict) and (unit.get("processors") or not unit.get("skip_gate", True))
        return "block" if self.model == "unit" and has_own_paths else self.model

    @property
    def replicate(self) -> Replicate:
        """What identifies the run among those of its model: its seed and, in cross-validation, its fold."""
        return replicate_of(self.seed, self.config)

    @property
    def stem(self) -> str:
        """Name of the run without fold and seed."""
        return self.name.removesuffix(self.replicate.suffix)

    @property
    def folder_name(self) -> str:
        """Name of the folder it was trained in."""
        return f"{self.name}-{self.identity}"

    @property
    def score(self) -> Score:
        """Metric that the run was trained for and is ranked by."""
        training = self.config.get("training")
        return score_of(self.task, training.get("score") if isinstance(training, dict) else None)

    @property
    def is_unsettled(self) -> bool:
        """Whether it was judged by running statistics of batch norm that keep much of their initial values."""
        return (self.statistics_left or 0.0) > SETTLED

    @property
    def is_stopped(self) -> bool:
        """Whether `training.stop_after` ended training for now, so that its checkpoint was kept, and it can go on."""
        training = self.config.get("training", {})
        stop_after = training.get("stop_after")
        return self.status == "ok" and stop_after is not None and self.epochs == stop_after < training["epochs"]

    @property
    def start_sha256(self) -> str | None:
        """SHA-256 of the trained weights it started from, whose training is in none of its costs; None: of new ones."""
        start: str | None = self.config.get("training", {}).get("start_sha256")
        return start

    @property
    def shown_norm(self) -> str | None:
        """Normalisation of a baseline; None also of a network with norms of its own, which is stored as no_norm."""
        return None if self._has_own_norms else self.norm

    @property
    def shown_residual(self) -> bool | None:
        """Whether a baseline has residual connections; None also of a network that may have its own."""
        return None if self._has_own_norms else self.residual

    @property
    def _has_own_norms(self) -> bool:
        """Whether norms and residuals are those of a whole network: of the user's, or of nested random graphs."""
        layout = self.config.get("layout", {})
        return "target" in layout or "top_nodes" in layout

    @property
    def has_own_rows(self) -> bool:
        """Whether a function of the user's chose the rows that train and judge it, which nobody else can compare."""
        return self._data_kind == "python"

    @property
    def has_grouped_rows(self) -> bool:
        """Whether the rows of its table are in groups, such as patients, whose rows are not independent."""
        return self._data_kind == "table" and bool(self.config["dataset"].get("groups"))

    @property
    def shown_split(self) -> str:
        """How data were split; "no test data" where a function of the user's gave none, which is stored as paper."""
        return name_split(self.split, self._data_kind)

    @property
    def _data_kind(self) -> object:
        dataset = self.config.get("dataset")
        return dataset.get("name") if isinstance(dataset, dict) else None

    @property
    def cpu_s(self) -> float | None:
        """Seconds of processor time; None for a run that failed early, and for old ones without energy."""
        if self.processor:
            return self.processor.seconds
        return self.energy.cpu_seconds if self.energy else None

    @property
    def val_score(self) -> float | None:
        """Validation score; None if no epoch ended."""
        return self.val.of(self.score) if self.val else None
