"""Export of a network to a file that runs without this package: a torch.export program or ONNX, for any batch size."""

from __future__ import annotations

import copy
import importlib.util
import io
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mgu.errors import UserError, how_to_install
from mgu.prune.convert import Infer
from mgu.results.files import replacing

Format = Literal["torch", "onnx"]
FILES: dict[Format, str] = {"torch": "converted.pt2", "onnx": "converted.onnx"}
OPSET = 18  # ONNX operator set: the oldest that torch's exporter writes without conversion


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


def export_network(model: nn.Module, image: Tensor, form: Format) -> tuple[bytes, Infer]:
    """Exports a network and loads the result again.

    Args:
        model: A network for inference.
        image: An example (1, C, H, W).
        form: "torch" or "onnx".

    Returns:
        The content of the file, and the function that the loaded file computes.
    """
    example = image.expand(2, -1, -1, -1).contiguous(memory_format=torch.channels_last)
    batch = torch.export.Dim("batch", min=1)
    plain = copy.deepcopy(model).eval().to(memory_format=torch.contiguous_format)  # the usual memory format of files
    with torch.no_grad():
        program = torch.export.export(plain, (example,), dynamic_shapes=({0: batch},))
    return _as_torch(program) if form == "torch" else _as_onnx(program)


def write(folder: Path, form: Format, content: bytes) -> Path:
    """Writes an export to its folder atomically, and returns the file."""
    with replacing(folder / FILES[form]) as temporary:
        temporary.write_bytes(content)
    return folder / FILES[form]


def _as_torch(program: torch.export.ExportedProgram) -> tuple[bytes, Infer]:
    # torch.export.load may unpickle a file, so it only ever reads what was written just now.
    file = io.BytesIO()
    torch.export.save(program, file)
    content = file.getvalue()
    loaded: Any = torch.export.load(io.BytesIO(content)).module()
    return content, loaded


def _as_onnx(program: torch.export.ExportedProgram) -> tuple[bytes, Infer]:
    import onnxruntime  # an optional extra, like everything that torch.onnx imports

    written = torch.onnx.export(program, opset_version=OPSET, dynamo=True, verbose=False)
    assert written is not None
    content = written.model_proto.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def infer(images: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {name: images.cpu().numpy()})[0])

    return content, infer
