"""A network as a torch.export program or as ONNX, for any batch size, with its preprocessing inside the graph."""

from __future__ import annotations

import copy
import importlib.util
import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from mgu.errors import UserError, how_to_install

Format = Literal["torch", "onnx"]
Infer = Callable[[Tensor], Tensor]  # examples (B, *) to outputs (B, K)

OPSET = 18  # ONNX operator set: the oldest that torch's exporter writes without conversion
OUTPUT, BATCH = "logits", "batch"  # names in the graph
DESCRIPTION_FILE = "mgu.json"  # in a torch.export archive


@runtime_checkable
class Exportable(Protocol):
    """Gives examples as they are in the user's files, and the module that makes inputs of the network from them."""

    @property
    def preprocessing(self) -> nn.Module:
        """A module from raw examples to what `batch` returns for them."""
        ...

    def raw(self, index: Tensor | slice) -> Tensor:
        """Returns the examples at `index` as they are in the user's files."""
        ...


class EndToEnd(nn.Module):
    """Applies the preprocessing of training, then a network.

    Args:
        preprocessing: A module from raw examples to inputs of the network.
        network: The network.

    Shape:
        raw: Examples as they are in the files, such as (B, C, H, W) as uint8; returns (B, K).
    """

    def __init__(self, preprocessing: nn.Module, network: nn.Module) -> None:
        super().__init__()
        self.preprocessing, self.network = preprocessing, network

    def forward(self, raw: Tensor) -> Tensor:
        outputs: Tensor = self.network(self.preprocessing(raw))
        return outputs


def check_exportable(form: Format) -> None:
    """Checks that the packages for a format are installed.

    Args:
        form: "torch" or "onnx".

    Raises:
        UserError: A package is missing.
    """
    missing = [name for name in ("onnx", "onnxruntime", "onnxscript") if importlib.util.find_spec(name) is None]
    if form == "onnx" and missing:
        raise UserError(
            f"--export onnx must have {', '.join(missing)}, but that is not installed. {how_to_install('onnx')}"
        )


def export_network(network: nn.Module, data: Exportable, form: Format, about: Mapping[str, str]) -> tuple[bytes, Infer]:
    """Exports a network with its preprocessing and loads the result again.

    Args:
        network: A network for inference, where the data are.
        data: Gives the preprocessing and a raw example.
        form: "torch" or "onnx".
        about: What the file says about itself, see `describe_export`; its `input` names the input in the graph.

    Returns:
        The content of the file, and the function from raw examples to outputs that the loaded file computes.
    """
    plain = copy.deepcopy(network).eval().to(memory_format=torch.contiguous_format)  # the usual memory format of files
    raw = data.raw(slice(0, 1))
    example = raw.expand(2, *raw.shape[1:]).contiguous()
    batch = torch.export.Dim(BATCH, min=1)
    with torch.no_grad():
        program = torch.export.export(
            EndToEnd(data.preprocessing, plain).eval(), (example,), dynamic_shapes=({0: batch},)
        )
    return _as_torch(program, about) if form == "torch" else _as_onnx(program, about)


def _as_torch(program: torch.export.ExportedProgram, about: Mapping[str, str]) -> tuple[bytes, Infer]:
    # torch.export.load may unpickle a file, so it only ever reads what was written just now.
    file = io.BytesIO()
    torch.export.save(program, file, extra_files={DESCRIPTION_FILE: json.dumps(about, indent=2)})
    content = file.getvalue()
    loaded: Any = torch.export.load(io.BytesIO(content)).module()
    return content, loaded


def _as_onnx(program: torch.export.ExportedProgram, about: Mapping[str, str]) -> tuple[bytes, Infer]:
    import onnxruntime  # an optional extra, like everything that torch.onnx imports

    written = torch.onnx.export(
        program, input_names=[about["input"]], output_names=[OUTPUT], opset_version=OPSET, dynamo=True, verbose=False
    )
    assert written is not None
    model = written.model_proto
    _name_batch(model.graph)
    for key, value in about.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    content = model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def infer(raw: Tensor) -> Tensor:
        return torch.from_numpy(session.run([OUTPUT], {about["input"]: raw.cpu().contiguous().numpy()})[0])

    return content, infer


def _name_batch(graph: Any) -> None:
    """Names the axis of the batch, which torch calls s34 or the like, in a graph of ONNX."""
    symbol = graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in (*graph.input, *graph.output, *graph.value_info):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param == symbol:
                axis.dim_param = BATCH
