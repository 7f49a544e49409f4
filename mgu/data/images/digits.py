"""The 1,797 real 8x8 digits (Alpaydin and Kaynak 1998) that scikit-learn carries: no download."""

from __future__ import annotations

import torch

from mgu.data.images.images import Images


def load_digits() -> tuple[Images, Images]:
    """Returns training and test images; the set has no official test part, so a fixed stratified fifth is one."""
    # Imported here, as in every loader: scikit-learn takes a second that runs on other data do not need.
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    digits = datasets.load_digits()
    train_index, test_index = train_test_split(
        range(len(digits.target)), test_size=0.2, random_state=0, stratify=digits.target
    )
    pixels = torch.from_numpy(digits.images).to(torch.uint8).unsqueeze(1)  # (N, 1, 8, 8), values 0..16
    everything = Images(pixels, torch.from_numpy(digits.target).long(), pixel_max=16.0)
    return everything.subset(torch.tensor(train_index)), everything.subset(torch.tensor(test_index))
