"""Places of dates in the year, the week and the day, as points on a circle: 31 December is near 1 January there.

All is computed from days since 1970-01-01 in steps that ONNX has: an exported file makes these inputs itself.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mgu.results.on_disk.preprocessing import Cycle

CYCLES: tuple[Cycle, ...] = ("year", "week", "day")
WORDS: dict[Cycle, str] = {"year": "day of the year", "week": "day of the week", "day": "time of day"}
TO_MONDAY = 3  # days from a Monday to 1970-01-01, a Thursday
TO_2000 = 10957  # days from 1970-01-01 to 2000-01-01, with which 400 years begin whose leap years come again and again
DAYS_IN_400_YEARS = 146097


def find_place(days: Tensor, cycle: Cycle) -> Tensor:
    """Finds the place of dates in a cycle.

    Args:
        days: Since 1970-01-01, with fractions; NaN where missing.
        cycle: "year": by whole days, from 1 January; "week": by whole days, from Monday; "day": from midnight.

    Shape:
        days: (B,) as float64; returns (B,), from 0 to below 1; NaN where missing.
    """
    whole = days.floor()
    if cycle == "day":
        return days - whole
    return _remainder(whole + TO_MONDAY, 7) / 7 if cycle == "week" else _place_in_year(whole)


def on_circle(days: Tensor, cycle: Cycle) -> Tensor:
    """Returns sine and cosine of the place of dates in a cycle; a missing date is at the centre of the circle.

    Args:
        days: Since 1970-01-01, with fractions; NaN where missing.
        cycle: The cycle.

    Shape:
        days: (B,) as float64; returns (B, 2).
    """
    angle = 2 * math.pi * find_place(days, cycle)
    points = torch.stack([angle.sin(), angle.cos()], dim=1)
    return torch.where(points.isnan(), torch.zeros_like(points), points)


def find_cycles(days: Tensor) -> list[Cycle]:
    """Returns the cycles in which known dates (N,) have more than one place: nothing can be learned from others."""
    known = days[~days.isnan()]
    return [cycle for cycle in CYCLES if len(find_place(known, cycle).unique()) > 1]


def _place_in_year(whole: Tensor) -> Tensor:
    """Returns the number of a day in its year from 0, divided by the days of this year."""
    day = _remainder(whole - TO_2000, DAYS_IN_400_YEARS)
    year = (day * (400 / DAYS_IN_400_YEARS)).floor()  # or the one before or after it, by leap years
    year = year - (day < _first_day(year)).to(day.dtype)
    year = year + (day >= _first_day(year + 1)).to(day.dtype)
    first = _first_day(year)
    return (day - first) / (_first_day(year + 1) - first)


def _first_day(year: Tensor) -> Tensor:
    """Returns the days before a year, which is counted from 2000: 366 before 1, for 2000 is a leap year."""
    return 365 * year + (year / 4).ceil() - (year / 100).ceil() + (year / 400).ceil()


def _remainder(number: Tensor, divisor: int) -> Tensor:
    """Returns what is left of whole numbers, never below 0."""
    return number - (number / divisor).floor() * divisor
