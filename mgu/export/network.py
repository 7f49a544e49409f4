"""A network as a torch.export program or as ONNX, for any batch size, with its preprocessing inside the graph."""

from __future__ import annotations

import copy
import importlib.util
import io
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from mgu.errors import UserError, how_to_install
from mgu.export.columns import take_columns
from mgu.export.end_to_end import EndToEnd
from mgu.results.on_disk.preprocessing import Preprocessing

Format = Literal["torch", "onnx"]
Infer = Callable[..., Tensor]  # raw examples (B, *) to outputs (B, *)

OPSET = 18  # ONNX operator set: the oldest that torch's exporter writes without conversion
BATCH = "batch"  # name of the axis in the graph
DESCRIPTION_FILE = "mgu.json"  # in a torch.export archive


@runtime_checkable
class Exportable(Protocol):
    """Gives examples as they are in the user's files."""

    def raw(self, index: Tensor | slice) -> Tensor:
        """Returns the examples at `index` as they are in the user's files."""
        ...


def check_exportable(form: Format, option: str = "--export") -> None:
    """Checks that the packages for a format are installed.

    Args:
        form: "torch" or "onnx".
        option: The option of the command that asks for it.

    Raises:
        UserError: A package is missing.
    """
    missing = [name for name in ("onnx", "onnxruntime", "onnxscript") if importlib.util.find_spec(name) is None]
    if form == "onnx" and missing:
        raise UserError(
            f"{option} onnx must have {', '.join(missing)}, but that is not installed. {how_to_install('onnx')}"
        )


def end_to_end(network: nn.Module, preprocessing: Preprocessing) -> EndToEnd:
    """Copies a network, in the usual memory format of files, and puts it between its preprocessing and its answers.

    Args:
        network: A network for inference.
        preprocessing: That of its run.

    Returns:
        The copy, from what is in files to answers.
    """
    plain = copy.deepcopy(network).eval().to(memory_format=torch.contiguous_format)
    return EndToEnd(plain, preprocessing).eval()


def export_network(
    module: nn.Module,
    example: Sequence[Tensor],
    form: Format,
    preprocessing: Preprocessing,
    about: Mapping[str, str],
) -> tuple[bytes, Infer]:
    """Exports a module that takes raw examples, and loads the result again.

    Args:
        module: An `EndToEnd`, or what computes the same.
        example: A raw example (1, *) of each of its inputs, on its device.
        form: "torch" or "onnx".
        preprocessing: That of its run; of a table and of pairs ONNX takes the columns as they are.
        about: What the file says about itself, see `describe_export`; `input` and `output` name both in the graph.

    Returns:
        The content of the file, and the function from raw examples to outputs that the loaded file computes: of
        tensors as `module` takes them, or, of columns in ONNX, of an array for each column by its name.
    """
    twice = tuple(tensor.expand(2, *tensor.shape[1:]).contiguous() for tensor in example)
    batch = torch.export.Dim(BATCH, min=1)
    with torch.no_grad(), warnings.catch_warnings():
        # Of torch's own code, on its LSTM and on functions that it calls itself: what is exported is compared by value.
        warnings.simplefilter("ignore")
        program = torch.export.export(module, twice, dynamic_shapes=(tuple({0: batch} for _ in twice),))
        return _as_torch(program, about) if form == "torch" else _as_onnx(program, preprocessing, about)


def _as_torch(program: torch.export.ExportedProgram, about: Mapping[str, str]) -> tuple[bytes, Infer]:
    # torch.export.load may unpickle a file, so it only ever reads what was written just now.
    file = io.BytesIO()
    torch.export.save(program, file, extra_files={DESCRIPTION_FILE: json.dumps(about, indent=2)})
    content = file.getvalue()
    loaded: Any = torch.export.load(io.BytesIO(content)).module()
    return content, loaded


def _as_onnx(
    program: torch.export.ExportedProgram, preprocessing: Preprocessing, about: Mapping[str, str]
) -> tuple[bytes, Infer]:
    """Writes a program as ONNX; returns the file's content, and a function that runs it."""
    names = about["input"].split(", ")
    written = torch.onnx.export(
        program, input_names=names, output_names=[about["output"]], opset_version=OPSET, dynamo=True, verbose=False
    )
    assert written is not None
    model = written.model_proto
    _name_batch(model.graph)
    for node in model.graph.node:
        del node.metadata_props[:]  # the exporter's own: names of files and lines of this machine
    take_columns(model, preprocessing.inputs, BATCH)
    for key, value in about.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    content: bytes = model.SerializeToString()
    return content, open_onnx(content)


def open_onnx(content: bytes) -> Infer:
    """Returns the function that an ONNX file computes.

    Args:
        content: The content of the file.

    Returns:
        A function of tensors in the order of the inputs, or of arrays by name.
    """
    import onnxruntime  # an optional extra, like everything that torch.onnx imports

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4  # fatal: errors are raised, and it warns of initial values that no node uses
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [taken.name for taken in session.get_inputs()]

    def infer(*raw: Tensor, **columns: Any) -> Tensor:
        feed = columns or {name: tensor.cpu().contiguous().numpy() for name, tensor in zip(names, raw, strict=True)}
        return torch.from_numpy(session.run(None, feed)[0])

    return infer


def _name_batch(graph: Any) -> None:
    """Names the axis of the batch, which torch calls s34 or the like, in a graph of ONNX."""
    symbol = graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in (*graph.input, *graph.output, *graph.value_info):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param == symbol:
                axis.dim_param = BATCH
