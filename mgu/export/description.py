"""What an exported file says about itself: what goes in, what comes out, and of which run it is."""

from __future__ import annotations

import json

from mgu import __version__
from mgu.config.image_files import ImageFilesConfig
from mgu.config.python import PythonDatasetConfig
from mgu.export.column_description import describe_columns
from mgu.export.columns import are_whole, input_name
from mgu.export.network import Format
from mgu.factory.trained import TrainedRun
from mgu.results.compare.axes import call_lean
from mgu.results.on_disk.preprocessing import Arrays, Classes, Columns, Inputs, Outputs, Pairs, Pixels, Quantity

PRUNED = "mgu-run prune replaced gates by constants; `run` and `identity` are those of the run that was pruned"


def describe_export(trained: TrainedRun, form: Format = "onnx", *, is_pruned: bool = False) -> dict[str, str]:
    """Describes the file that a run is exported to.

    Args:
        trained: A trained run.
        form: "torch" or "onnx", which takes the columns of a table as they are.
        is_pruned: Whether it holds what pruning left of the run.

    Returns:
        Texts by name; `classes`, `input_shape`, `columns`, `users` and `items` are in JSON.
    """
    dataset, preprocessing = trained.config.dataset, trained.preprocessing
    described = {
        "mgu_version": __version__,
        "run": call_lean(trained.result.name),
        "identity": trained.result.identity,
        **({"pruned": PRUNED} if is_pruned else {}),
        "dataset": dataset.label,
        "split": dataset.split,
        "task": dataset.task,
        **_describe_input(preprocessing.inputs, form),
        **_describe_output(preprocessing.outputs),
    }
    if trained.has_states:
        described["output"] = "states"
        described["output_meaning"] = (
            "the state in [0, 1] of the output neuron of each class, in the order of `classes`; as shares of their sum "
            "they are probabilities"
        )
    if isinstance(dataset, ImageFilesConfig):
        _, height, width = dataset.image_shape
        described["resize"] = f"before the graph: {dataset.fit} to {width} x {height}, bilinear, anti-aliased"
    if isinstance(dataset, PythonDatasetConfig):
        described["input_source"] = f"{dataset.target}, source {dataset.sha256}"
    elif sha256 := dataset.model_dump().get("sha256"):
        described["dataset_sha256"] = sha256
    return described


def _describe_output(outputs: Outputs) -> dict[str, str]:
    if isinstance(outputs, Classes):
        return {
            "classes": json.dumps([*map(str, outputs.names)], ensure_ascii=False),
            "output": "logits",
            "output_meaning": "one logit for each class, in the order of `classes`; their softmax are probabilities",
        }
    if isinstance(outputs, Quantity):
        return {"output": "prediction", "output_meaning": f"{outputs.target}, in its own unit"}
    return {
        "output": "score",
        "output_meaning": "the higher, the sooner the user takes the item; minus infinity where one is unknown",
    }


def _describe_input(inputs: Inputs, form: Format) -> dict[str, str]:
    """Describes what the file takes, and what of the preprocessing is in its graph."""
    if isinstance(inputs, Pixels):
        return _describe_pixels(inputs)
    if isinstance(inputs, Arrays):
        return {
            "input": "inputs",
            "input_shape": json.dumps(["batch", *inputs.shape]),
            "input_type": "float32",
            "preprocessing": f"none in the graph: inputs as {inputs.source} returns them",
        }
    return describe_columns(inputs, form) if isinstance(inputs, Columns) else _describe_pairs(inputs, form)


def _describe_pixels(pixels: Pixels) -> dict[str, str]:
    channels, largest = pixels.shape[0], f"{pixels.pixel_max:g}"
    return {
        "input": "images",
        "input_shape": json.dumps(["batch", *pixels.shape]),
        "input_type": "uint8",
        "input_range": f"0..{largest}",
        "input_channels": {1: "grey", 3: "red, green, blue"}.get(channels, f"{channels} channels as in training"),
        "preprocessing": f"in the graph: pixels / {largest}",
    }


def _describe_pairs(pairs: Pairs, form: Format) -> dict[str, str]:
    both = {"users": pairs.users, "items": pairs.items}
    described = {"input": "users, items", "input_shape": json.dumps(["batch"])}
    if form == "onnx":
        kinds = {input_name(side.column): "int64" if are_whole(side) else "text" for side in both.values()}
        return described | {
            "columns": json.dumps(kinds, ensure_ascii=False),
            "input_type": "one input for each of `columns`; text without blanks at its ends",
            "preprocessing": "in the graph: names of users and items become their numbers",
        }
    aliases = {side: entities.aliases for side, entities in both.items() if entities.aliases}
    return described | {
        **{side: json.dumps(entities.names, ensure_ascii=False) for side, entities in both.items()},
        **({"spellings": json.dumps(aliases, ensure_ascii=False)} if aliases else {}),
        "input_type": "int64 numbers: the place in `users` and `items` of a name without blanks at its ends, from 0, "
        "or -1 for any other; `spellings` has other names and those that they stand for",
        "preprocessing": "in the graph: a pair with an unknown user or item scores minus infinity",
    }
