"""Robust scaling and smooth clipping of numbers, as in RealMLP (Holzmueller, Grinsztajn and Steinwart 2024).

Imports scikit-learn, which takes a second that runs on images do not need.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

BOUND = 3.0  # scaled numbers lie within plus and minus this
NEARLY_INFINITE = 1e9  # lies on the bound in float32


class BoundedScaler(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Scales columns by their median and interquartile range, then maps them smoothly into (-3, 3).

    Unlike scikit-learn's RobustScaler it bounds what it returns, so one damaged cell cannot dominate a network.
    Infinite numbers come to lie on the bounds, and missing ones stay NaN.
    """

    def fit(self, numbers: Any, _: Any = None) -> Self:
        """Measures the columns (N, D); where the quartiles are equal, half the range takes their place."""
        finite = np.where(np.isfinite(numbers), numbers, np.nan).astype(np.float64)
        finite[:, np.isnan(finite).all(axis=0)] = 0.0
        low, self.center_, high = np.nanquantile(finite, [0.25, 0.5, 0.75], axis=0)
        iqr = high - low
        half_range = np.nanmax(finite, axis=0) / 2 - np.nanmin(finite, axis=0) / 2
        self.scale_: NDArray[np.float64] = np.where(iqr > 0, iqr, np.where(half_range > 0, half_range, 1.0))
        return self

    def transform(self, numbers: Any) -> NDArray[np.float64]:
        """Returns the scaled and clipped columns (N, D)."""
        with np.errstate(over="ignore"):
            scaled = (np.asarray(numbers, dtype=np.float64) - self.center_) / self.scale_
        near = np.clip(scaled, -NEARLY_INFINITE, NEARLY_INFINITE)
        bounded: NDArray[np.float64] = near / np.hypot(1.0, near / BOUND)
        return bounded
