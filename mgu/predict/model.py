"""A finished run as a model that predicts: `mgu.load(RUN)`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mgu.errors import UserError
from mgu.export.end_to_end import EndToEnd
from mgu.factory.trained import TrainedRun, load_trained
from mgu.predict.answers import answer, find_unanswered, vote_by_case
from mgu.predict.arrays import as_inputs, as_pixels, read_array_file
from mgu.predict.examples import Examples
from mgu.predict.image_files import read_images
from mgu.predict.pairs import PairReader
from mgu.predict.rows import RowReader
from mgu.results.compare.axes import call_lean
from mgu.results.on_disk.correct import read_correct
from mgu.results.on_disk.preprocessing import Arrays, Classes, Columns, Name, Pairs, Pixels, Preprocessing

MOST_NAMED = 20  # faults in one message


class Predicted(NamedTuple):
    """Holds what was predicted of files.

    Attributes:
        rows: By example what names it, and its answer.
        faults: One line for each input that could not be predicted.
        remarks: One line for each that was predicted in spite of something that training never saw.
        notes: Lines on how the files were read.
    """

    rows: list[dict[str, Any]]
    faults: list[str]
    remarks: list[str]
    notes: list[str]


LEAST_STATE = 1e-6  # whose logarithm stands for that of a state at 0


class Model:
    """Predicts with the weights, preprocessing and names of a finished run.

    Args:
        trained: The run.
        network: The network that predicts: the run's own, or its pruned form.

    Attributes:
        is_pruned: Whether it is the pruned form.
    """

    def __init__(self, trained: TrainedRun, network: torch.nn.Module | None = None) -> None:
        self.trained, self.is_pruned = trained, network is not None
        self.preprocessing: Preprocessing = trained.preprocessing
        self.network = EndToEnd(network or trained.model, self.preprocessing).to(trained.resolved.device).eval()
        inputs = self.preprocessing.inputs
        self._reader: RowReader | PairReader | None = None
        if isinstance(inputs, Columns):
            self._reader = RowReader(self.preprocessing)
        elif isinstance(inputs, Pairs):
            self._reader = PairReader(inputs)

    def __repr__(self) -> str:
        result = self.trained.result
        return f"<mgu.Model {call_lean(result.name)}: {result.task} of {result.dataset}>"

    @property
    def classes(self) -> list[Name]:
        """Names of the classes in the order of probabilities; empty where nothing is classified."""
        outputs = self.preprocessing.outputs
        return list(outputs.names) if isinstance(outputs, Classes) else []

    @property
    def groups(self) -> str | None:
        """The column or pattern that was named for what belongs together, such as the examples of a patient."""
        return getattr(self.trained.config.dataset, "groups", None)

    @property
    def are_grouped(self) -> bool:
        """Whether the run was judged by examples in groups; a column of usual name may say so, which nobody named."""
        judged = read_correct(self.trained.folder)
        return self.groups is not None or bool(judged and judged[2])

    def predict(self, inputs: Any) -> Any:
        """Predicts classes, numbers or scores.

        Args:
            inputs: Of a run on images: raw pixels 0..255 as an array or a tensor, or paths of images and folders; on
                a table: a DataFrame, a dict of columns or of the cells of one row, or paths of CSV files; on ratings:
                likewise, with the columns of user and item; on data of a function: an array of what the function
                returned.

        Returns:
            An array (N,) of class names, of numbers in the target's unit, or of scores.

        Raises:
            UserError: Some inputs cannot be predicted; the message has a line for each.
        """
        outputs = self.outputs(inputs)
        if not self.classes:
            return outputs.numpy()
        return np.array(self.classes)[outputs.argmax(dim=1).numpy()]

    def probabilities(self, inputs: Any) -> Any:
        """Predicts the probability of every class.

        Args:
            inputs: As for `predict`.

        Returns:
            An array (N, K) in the order of `classes`.

        Raises:
            UserError: Some inputs cannot be predicted, or nothing is classified.
        """
        if not self.classes:
            raise UserError(f"probabilities must be of classes, but {self!r} has none. Call predict.")
        return self.outputs(inputs).double().softmax(dim=1).numpy()

    def outputs(self, inputs: Any) -> Tensor:
        """Computes what the network says.

        Args:
            inputs: As for `predict`.

        Returns:
            Logits (N, K) of classes, else numbers in the target's unit or scores (N,), in main memory.

        Raises:
            UserError: Some inputs cannot be predicted.
        """
        read = [self.read_memory(inputs)] if not _are_paths(inputs) else list(self.read_files(_as_paths(inputs)))
        _refuse([line for examples in read for line in examples.faults])
        if remarks := [line for examples in read for line in examples.remarks]:
            warnings.warn("\n".join(_first_of(remarks)), stacklevel=3)
        with_rows = [examples for examples in read if examples.raw]
        if not with_rows:
            raise UserError("inputs must be at least one, but there is none. Pass some.")
        outputs = torch.cat([self.compute(examples.raw) for examples in with_rows])
        _refuse(find_unanswered(outputs, [source for examples in with_rows for source in examples.where])[1])
        return outputs

    def predict_files(self, paths: Sequence[str | Path], *, with_truth: bool = False) -> Predicted:
        """Predicts what is in files; what is wrong with some does not keep others from being predicted.

        Args:
            paths: Images and folders, or CSV files, as for `predict`.
            with_truth: Whether rows of a table also have what its target's column says, and images their folders.

        Returns:
            The answers, and what was wrong.
        """
        where, outputs = list[dict[str, Any]](), list[Tensor]()
        faults, remarks, notes = list[str](), list[str](), list[str]()
        for examples in self.read_files(paths, with_truth=with_truth):
            notes += examples.notes
            faults += examples.faults
            remarks += examples.remarks
            if examples.raw:
                computed = self.compute(examples.raw)
                kept, unanswered = find_unanswered(computed, examples.where)
                faults += unanswered
                where += [examples.where[index] for index in kept]
                outputs.append(computed[kept])
        if not where:
            return Predicted([], faults, remarks, notes)
        every, meaning = torch.cat(outputs), self.preprocessing.outputs
        rows = [source | answered for source, answered in zip(where, answer(every, meaning), strict=True)]
        if isinstance(meaning, Classes) and "case" in rows[0]:
            for row, case in zip(rows, vote_by_case(every, [row["case"] for row in rows], meaning), strict=True):
                row["case_prediction"] = case
        return Predicted(rows, faults, remarks, notes)

    def read_files(self, paths: Sequence[str | Path], *, with_truth: bool = False) -> Iterator[Examples]:
        """Yields the examples of files, by some at once; `with_truth` with what the files say of them."""
        inputs = self.preprocessing.inputs
        if with_truth and isinstance(inputs, Columns):
            return RowReader(self.preprocessing, with_truth=True, groups=self.groups).read_files(paths)
        if self._reader:
            return self._reader.read_files(paths)
        if isinstance(inputs, Pixels):
            return read_images(paths, inputs, [*map(str, self.classes)], with_truth)
        assert isinstance(inputs, Arrays)
        return (read_array_file(path, inputs) for path in paths)

    @torch.inference_mode()
    def compute(self, raw: Sequence[Tensor]) -> Tensor:
        """Computes the outputs of raw examples, (B, *) each, by some at once; in main memory.

        States in [0, 1], which have learned classes by their squared error, estimate probabilities themselves; their
        logarithms are returned, whose softmax are the states as shares of their sum.
        """
        size, device = self.trained.config.training.eval_batch_size, self.trained.resolved.device
        batches = zip(*(tensor.split(size) for tensor in raw), strict=True)
        outputs = torch.cat([self.network(*(tensor.to(device) for tensor in batch)).cpu() for batch in batches])
        return outputs.clamp(min=LEAST_STATE).log() if self.trained.has_states else outputs

    def read_memory(self, inputs: Any) -> Examples:
        """Reads examples that are in memory.

        Args:
            inputs: An array or a table, as for `predict`.

        Returns:
            The examples.

        Raises:
            UserError: It has another shape, or lacks columns.
        """
        about = self.preprocessing.inputs
        if self._reader:
            if not isinstance(inputs, Mapping) and not hasattr(inputs, "columns"):
                raise UserError(
                    "inputs must be a DataFrame, or a dict of columns or of the cells of one row, but got "
                    f"{type(inputs).__name__}. Name columns; of a row of a DataFrame pass row.to_dict()."
                )
            try:
                return self._reader.read_frame(inputs)
            except UserError as error:
                raise UserError(f"the table {error}") from None
        assert isinstance(about, Pixels | Arrays)
        raw = as_pixels(inputs, about) if isinstance(about, Pixels) else as_inputs(inputs, about)
        return Examples([], (raw,))


def load(run: str | Path, device: str = "cpu", *, pruned: bool = False) -> Model:
    """Loads a finished run as a model that predicts; its training data need not be there.

    Args:
        run: The run's folder, or its name below the runs folder.
        device: Where it computes: "cpu", or "auto" for a GPU where there is one.
        pruned: Whether the network is the one that `mgu-run prune` left, converted for inference.

    Returns:
        The model.

    Raises:
        UserError: There is no such run, it has no weights, or a file of it is damaged.
    """
    trained = load_trained(run, device, without_data=True)
    if trained.resolved.device.type == "mps":  # which has no float64, that columns and targets are scaled in
        trained = load_trained(run, "cpu", without_data=True)
    if not pruned:
        return Model(trained)
    from mgu.prune.convert import convert_network
    from mgu.prune.load import load_pruned_of

    return Model(trained, convert_network(load_pruned_of(trained)))


def _refuse(faults: Sequence[str]) -> None:
    """Raises UserError with the first of the faults, if there is one."""
    if faults:
        raise UserError("\n".join(["inputs must be as in training, but:", *_first_of(faults)]))


def _first_of(lines: Sequence[str]) -> list[str]:
    """Returns the first of the lines, and how many more there are."""
    more = [f"and {len(lines) - MOST_NAMED} more"] if len(lines) > MOST_NAMED else []
    return [*lines[:MOST_NAMED], *more]


def _are_paths(inputs: Any) -> bool:
    if isinstance(inputs, str | Path):
        return True
    is_list = isinstance(inputs, list | tuple) and len(inputs) > 0
    return is_list and all(isinstance(each, str | Path) for each in inputs)


def _as_paths(inputs: str | Path | Iterable[str | Path]) -> list[str | Path]:
    return [inputs] if isinstance(inputs, str | Path) else list(inputs)
