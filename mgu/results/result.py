"""The schema of result.json: what is known of a run once it is over; read and written whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mgu.results.file_names import RESULT_FILE
from mgu.results.files import write_text
from mgu.tasks.score import SCORES, Score, TaskName

# 1 knew nothing of `resumed`, `contended` and `seconds.checkpoint`, 2 nothing of `task`, 3 nothing of `num_classes` and
# called blocks units: all are read, too.
SCHEMA_VERSION: Literal[4] = 4
JOULES_PER_KWH = 3.6e6
MEASURED = (
    "rapl",
    "nvml_counter",
    "nvml_power",
    "powermetrics",
)  # methods that read an instrument, see mgu/measure/energy.py


# block: what has other paths than the paper's unit, such as those of others that it is compared with. It is ranked, but
# neither claimed of the unit nor a part of the grid.
Kind = Literal["baseline", "unit", "block"]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1 + 1e-9)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e15)]  # of seconds, kilowatt-hours or kilograms


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Serves as the base of all parts of a result; refuses unknown keys, which mean another schema version.

    msgspec, not pydantic as for the configuration: it imports fast, and reads ten thousand files in a second.
    """


class Metrics(Record, frozen=True, omit_defaults=True):
    """Holds the metrics of the best weights on one split.

    A task has some of them (mgu/tasks/); the others are None and not written.
    """

    loss: float | None  # None where not finite; in nats, of regression in squared standard deviations of the target
    accuracy: Fraction | None = None  # as precision and recall, which are means over the classes
    precision: Fraction | None = None
    recall: Fraction | None = None
    rmse: float | None = None  # in the unit of the target, as mae
    mae: float | None = None
    r2: float | None = None
    # Of images of cases: of a case as its images vote; counts (K, K) by true class (row) and predicted class, in the
    # order of config.dataset.classes.
    macro_f1: Fraction | None = None
    confusion: list[list[int]] | None = None
    case_accuracy: Fraction | None = None
    case_precision: Fraction | None = None
    case_recall: Fraction | None = None
    case_macro_f1: Fraction | None = None
    case_confusion: list[list[int]] | None = None
    recall_at_10: Fraction | None = None  # means over the users, over all items that are new to them
    ndcg_at_10: Fraction | None = None

    def of(self, score: Score) -> float | None:
        """Returns the metric that runs are ranked by."""
        value: float | None = getattr(self, score.metric)
        return value


class Seconds(Record, frozen=True):
    """Holds wall-clock windows; the time to solution is the sum of `build`, `train`, `evaluate` and `explain`.

    `setup` ends when the data is in memory. For a resumed run the windows are sums over its parts, each up to its last
    checkpoint: work lost by an interruption is in none of them, nor are the imports of Python before the run.
    """

    setup: Amount  # data, first use of torch, compilation, meters
    build: Amount  # model, initial weights, optimizer
    train: Amount  # epochs with their evaluation
    evaluate: Amount  # best weights on every split
    explain: Amount = 0.0  # of a unit: its gates analysed on the validation data, explain.json written
    checkpoint: Amount = 0.0  # history and state written to disk after every epoch

    @property
    def to_solution(self) -> float:
        return self.build + self.train + self.evaluate + self.explain


class Component(Record, frozen=True):
    """Holds the energy of one part of the machine, and the method (mgu/measure/energy.py) that determined it."""

    kwh: Amount
    method: str


def describe_method(method: str) -> str:
    """Describes a method of determining energy, for an estimate must read as one.

    Args:
        method: Name of the method, or several joined by "+".

    Returns:
        The name, followed by "measured" or "estimated".
    """
    is_measured = all(part in MEASURED for part in method.split("+"))
    return f"{method}, {'measured' if is_measured else 'estimated'}"


class Energy(Record, frozen=True):
    """Holds the energy over the time to solution and the writing of checkpoints.

    The components are never added up, for their methods differ in kind.
    """

    cpu: Component
    gpu: Component
    ram: Component
    cpu_seconds: Amount  # processor time of this process: measured everywhere
    emissions_kg: Amount  # CO2-equivalent of all parts at the country's carbon intensity: always estimated
    country: str
    tracked_s: Amount


class Result(Record, frozen=True):
    """Holds all that is known of a run; fields are None if they were not reached or not measured."""

    schema_version: Literal[1, 2, 3, 4]
    status: Literal["ok", "diverged", "failed"]
    error: str | None  # last line of the traceback of a failed run
    name: str
    identity: str
    experiment_name: str
    model: Kind
    dataset: str
    split: str
    layout: str  # in the paper's notation
    norm: str | None
    residual: bool | None
    seed: int
    config: dict[str, Any]
    params_trainable: int | None
    params_keras: int | None
    flops_per_sample: int | None
    epochs: int
    best_epoch: int | None
    train: Metrics | None
    val: Metrics | None
    test: Metrics | None
    seconds: Seconds | None
    energy: Energy | None
    device: str | None
    versions: dict[str, str]
    git_commit: str | None
    resumed: int = 0  # how often the run was interrupted and went on from a checkpoint
    contended: bool = False  # another run shared the host while time and energy were measured
    trained_together: int = (
        1  # runs, this one counted, that one process trained at once: see mgu/multi_seed/lockstep.py
    )
    task: TaskName = "classification"
    num_classes: int | None = None  # of a classification

    @property
    def kind(self) -> Kind:
        """`model`, corrected for files of schema 3 and older, which called blocks units."""
        unit = self.config.get("mgu")
        has_own_paths = isinstance(unit, dict) and (unit.get("processors") or not unit.get("skip_gate", True))
        return "block" if self.model == "unit" and has_own_paths else self.model

    @property
    def score(self) -> Score:
        """Metric that runs of this task are ranked by."""
        return SCORES[self.task]

    @property
    def val_score(self) -> float | None:
        """Validation score; None if no epoch ended."""
        return self.val.of(self.score) if self.val else None


def write_result(folder: Path, result: Result) -> None:
    """Writes result.json. Call it last, for the file's presence says that the run is over.

    Args:
        folder: The run's folder.
        result: The result.
    """
    write_text(folder / RESULT_FILE, msgspec.json.format(msgspec.json.encode(result), indent=2).decode() + "\n")


def read_result(path: Path) -> Result:
    """Reads a result.json.

    Args:
        path: The file.

    Returns:
        The result.

    Raises:
        ValueError: The file is torn, foreign or of another schema version; the message is a reason in one line.
    """
    try:
        result = msgspec.json.decode(path.read_bytes(), type=Result)
        for section in ("dataset", "training", "optimizer"):
            if not isinstance(result.config.get(section, {}), dict):
                raise msgspec.ValidationError(f"config.{section} is no section")
        return result
    except OSError as error:
        raise ValueError(error.strerror) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a result of schema version 1 to {SCHEMA_VERSION}: {error}") from None
