"""What an exported file says about itself: what goes in, what comes out, and of which run it is."""

from __future__ import annotations

import json

from mgu import __version__
from mgu.config.datasets import AnyImages
from mgu.config.image_files import ImageFilesConfig
from mgu.data.images.class_names import class_names
from mgu.data.images.images import Images
from mgu.errors import UserError
from mgu.export.network import INPUT, OUTPUT
from mgu.factory.trained import TrainedRun


def describe_export(trained: TrainedRun) -> dict[str, str]:
    """Describes the file that a run is exported to.

    Args:
        trained: A trained run on images.

    Returns:
        Texts by name; `classes` and `input_shape` are lists in JSON.

    Raises:
        UserError: The run is not on images.
    """
    config, data = trained.config, trained.splits.val
    if not isinstance(config.dataset, AnyImages) or not isinstance(data, Images):
        raise UserError(
            f"--export must be of a run on images, but {trained.folder} is of dataset={config.dataset.name}, whose "
            "columns have no preprocessing in the exported graph yet. Leave out --export."
        )
    channels, height, width = config.dataset.image_shape
    largest = f"{data.pixel_max:g}"
    described = {
        "mgu_version": __version__,
        "run": trained.result.name,
        "identity": trained.result.identity,
        "dataset": config.dataset.label,
        "split": config.dataset.split,
        "task": config.dataset.task,
        "classes": json.dumps(class_names(config.dataset), ensure_ascii=False),
        "input": INPUT,
        "input_shape": json.dumps(["batch", channels, height, width]),
        "input_type": "uint8",
        "input_range": f"0..{largest}",
        "input_channels": "red, green, blue" if channels == 3 else "grey",
        "preprocessing": f"in the graph: pixels / {largest}",
        "output": OUTPUT,
        "output_meaning": "one logit for each class, in the order of `classes`; their softmax are probabilities",
    }
    if isinstance(config.dataset, ImageFilesConfig):
        described["dataset_sha256"] = config.dataset.sha256
        described["resize"] = f"before the graph: {config.dataset.fit} to {width} x {height}, bilinear, anti-aliased"
    return described
