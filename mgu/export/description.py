"""What an exported file says about itself: what goes in, what comes out, and of which run it is."""

from __future__ import annotations

import json

from mgu import __version__
from mgu.config.datasets import AnyImages, NamedImagesConfig
from mgu.config.image_files import ImageFilesConfig
from mgu.config.python import PythonDatasetConfig
from mgu.data.images.class_names import class_names
from mgu.data.images.images import Images
from mgu.data.images.sequences import PixelSequences
from mgu.data.splits import Data
from mgu.errors import UserError
from mgu.export.network import OUTPUT
from mgu.factory.trained import TrainedRun


def describe_export(trained: TrainedRun) -> dict[str, str]:
    """Describes the file that a run is exported to.

    Args:
        trained: A trained run on images, or on data from a function of the user's.

    Returns:
        Texts by name; `classes` and `input_shape` are lists in JSON.

    Raises:
        UserError: The run is on other data.
    """
    dataset = trained.config.dataset
    if not isinstance(dataset, AnyImages | PythonDatasetConfig):
        raise UserError(
            f"--export must be of a run on images or on data from a function, but {trained.folder} is of dataset="
            f"{dataset.name}, whose columns have no preprocessing in the exported graph yet. Leave out --export."
        )
    described = {
        "mgu_version": __version__,
        "run": trained.result.name,
        "identity": trained.result.identity,
        "dataset": dataset.label,
        "split": dataset.split,
        "task": dataset.task,
        "classes": json.dumps(_classes(dataset), ensure_ascii=False),
        **_describe_input(dataset, trained.splits.val),
        "output": OUTPUT,
        "output_meaning": "one logit for each class, in the order of `classes`; their softmax are probabilities",
    }
    if isinstance(dataset, ImageFilesConfig):
        _, height, width = dataset.image_shape
        described["dataset_sha256"] = dataset.sha256
        described["resize"] = f"before the graph: {dataset.fit} to {width} x {height}, bilinear, anti-aliased"
    return described


def _classes(dataset: AnyImages | PythonDatasetConfig) -> list[str]:
    if isinstance(dataset, PythonDatasetConfig):  # its targets are numbers from 0
        return [str(number) for number in range(dataset.num_classes or 0)]
    return class_names(dataset)


def _describe_input(dataset: AnyImages | PythonDatasetConfig, data: Data) -> dict[str, str]:
    """Describes what the file takes, and what of the preprocessing is in its graph."""
    shape = json.dumps(["batch", *dataset.image_shape])
    if not isinstance(data, Images | PixelSequences):
        assert isinstance(dataset, PythonDatasetConfig)  # all others hold images
        return {
            "input": "inputs",
            "input_shape": shape,
            "input_type": "float32",
            "input_source": f"{dataset.target}, source {dataset.sha256}",
            "preprocessing": f"none in the graph: inputs as {dataset.target} returns them",
        }
    steps = ""
    if isinstance(dataset, NamedImagesConfig) and dataset.sequence:
        steps = f", then {dataset.sequence} steps" + " in a fixed random order" * dataset.permuted
    channels, largest = dataset.image_shape[0], f"{data.pixel_max:g}"
    return {
        "input": "images",
        "input_shape": shape,
        "input_type": "uint8",
        "input_range": f"0..{largest}",
        "input_channels": {1: "grey", 3: "red, green, blue"}.get(channels, f"{channels} channels as in training"),
        "preprocessing": f"in the graph: pixels / {largest}{steps}",
    }
