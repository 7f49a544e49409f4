"""The file format of runs/: where a run's files lie, what result.json holds, and writing that cannot be torn.

runs/<experiment>/<name>-<identity>/
    result.json          everything that is reported; written last, so its presence means that the run is over
    history.csv          one row an epoch
    config.yaml          the resolved configuration
    weights.safetensors  of the best epoch
    explain.json         of a unit: what its gates do on the validation data, see mgu/explain/explanation.py
    gates.*, topology.*  pictures of that, as SVG and PNG, once `mgu-run explain` was called
    prune/               of a unit, once `mgu-run prune` was called: see mgu/prune/outcome.py
    correct.bits         which of the official test examples (images, rows) those weights got right
    log.txt              what happened, with the traceback of a failure
    checkpoint.pt        of a run that is not over: where it continues, see mgu/run/checkpoint.py
    .lock                held while a process trains this run
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mgu.results.files import write_text
from mgu.tasks.score import SCORES, Score, TaskName

# 1 knew nothing of `resumed`, `contended` and `seconds.checkpoint`, 2 nothing of `task`, 3 nothing of `num_classes` and
# called blocks units: all are read, too.
SCHEMA_VERSION: Literal[4] = 4
RESULT_FILE = "result.json"
HISTORY_FILE = "history.csv"
PRUNE_FOLDER = "prune"
CONFIG_FILE = "config.yaml"
WEIGHTS_FILE = "weights.safetensors"
EXPLAIN_FILE = "explain.json"
JOULES_PER_KWH = 3.6e6
PICTURE_FILES = ("gates.svg", "gates.png", "topology.svg", "topology.png")
CORRECT_FILE = "correct.bits"
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
    """A part of a result. Unknown keys are refused: they mean another schema version, or another program.

    msgspec, not pydantic as for the configuration: it imports in no time, and ten thousand files are read in a second.
    """


class Metrics(Record, frozen=True, omit_defaults=True):
    """Of the best weights on one split: what the task has, see mgu/tasks/; the others are None and not written."""

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
        """The metric that runs are ranked by."""
        value: float | None = getattr(self, score.metric)
        return value


class Seconds(Record, frozen=True):
    """Wall-clock windows. `setup` ends when the data is in memory; `build`, `train`, `evaluate` and `explain` are the
    time to solution.

    Of a resumed run they are sums over its parts, each up to its last checkpoint: what was lost with an interruption
    is in none of them, nor is what Python takes to import its libraries before the run.
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
    """Energy of one part of the machine and how it was come by: see mgu/measure/energy.py for the methods."""

    kwh: Amount
    method: str


def describe_method(method: str) -> str:
    """A method, or several joined by "+", with what it is worth: an estimate must read as one."""
    is_measured = all(part in MEASURED for part in method.split("+"))
    return f"{method}, {'measured' if is_measured else 'estimated'}"


class Energy(Record, frozen=True):
    """Over the time to solution and the writing of checkpoints. The components are never added up: their methods differ
    in kind.
    """

    cpu: Component
    gpu: Component
    ram: Component
    cpu_seconds: Amount  # processor time of this process: measured everywhere
    emissions_kg: Amount  # CO2-equivalent of all parts at the country's carbon intensity: always estimated
    country: str
    tracked_s: Amount


class Result(Record, frozen=True):
    """All that is known of a run; None where it was not reached or not measured."""

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
        """`model`, also of an older file."""
        unit = self.config.get("mgu")
        has_own_paths = isinstance(unit, dict) and (unit.get("processors") or not unit.get("skip_gate", True))
        return "block" if self.model == "unit" and has_own_paths else self.model

    @property
    def score(self) -> Score:
        """What it is ranked by."""
        return SCORES[self.task]

    @property
    def val_score(self) -> float | None:
        """None where no epoch ended."""
        return self.val.of(self.score) if self.val else None


def write_result(folder: Path, result: Result) -> None:
    """To be called last: the file's presence says that the run is over."""
    write_text(folder / RESULT_FILE, msgspec.json.format(msgspec.json.encode(result), indent=2).decode() + "\n")


def read_result(path: Path) -> Result:
    """Raises ValueError, with a reason in one line, for a file that is torn, foreign or of another schema version."""
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
