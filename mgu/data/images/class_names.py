"""Names of the classes of images, in the order of a model's outputs. Imports no torch."""

from __future__ import annotations

from mgu.config.datasets import AnyImages
from mgu.config.image_files import ImageFilesConfig

# As the authors publish them; of digits the name is the number.
NAMES = {
    "fashion_mnist": "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot",
    "cifar10": "airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck",
}


def class_names(dataset: AnyImages) -> list[str]:
    """Returns the names of the classes.

    Args:
        dataset: The data set's section of the run configuration.

    Returns:
        One name a class; its number for a set whose classes are numbers.
    """
    if isinstance(dataset, ImageFilesConfig):
        return list(dataset.classes)
    if dataset.name in NAMES:
        return NAMES[dataset.name].split(", ")
    return [str(number) for number in range(dataset.num_classes)]
