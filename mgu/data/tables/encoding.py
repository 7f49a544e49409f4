"""From cells of a table to inputs of a network, in torch: what the encoder of training computed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.data.tables.cycles import on_circle
from mgu.results.on_disk.preprocessing import Columns

NEARLY_INFINITE = 1e9  # scaled numbers beyond it lie on the bound in float32
UNSEEN = -1  # the code of a category without an input of its own


class RowEncoding(nn.Module):
    """Encodes rows: numbers are scaled and missing ones filled in, categories become one-hot, dates go round.

    Args:
        columns: How each column becomes inputs.

    Shape:
        numbers: (B, N) as float64, of a date the days since 1970-01-01, NaN where missing; left out for a table
            without numbers.
        categories: (B, M) as int64, the place of each category in `values` of its column, or -1 for any other; left
            out for a table without categories.
        returns (B, D) as float32.
    """

    shift: Tensor
    center: Tensor
    scale: Tensor
    fill: Tensor
    flag_center: Tensor
    flag_scale: Tensor
    flagged: Tensor
    column_of: Tensor
    value_of: Tensor

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self.bound, self.has_numbers = columns.bound, bool(columns.numbers)
        double, numbers = torch.float64, columns.numbers
        self.has_shift = any(column.shift for column in numbers)
        self.register_buffer("shift", torch.tensor([column.shift for column in numbers], dtype=double))
        self.register_buffer("center", torch.tensor([column.center for column in numbers], dtype=double))
        self.register_buffer("scale", torch.tensor([column.scale for column in numbers], dtype=double))
        self.register_buffer("fill", torch.tensor([column.fill for column in numbers], dtype=double))
        flags = [(index, column.missing) for index, column in enumerate(numbers) if column.missing]
        self.register_buffer("flagged", torch.tensor([index for index, _ in flags], dtype=torch.long))
        self.register_buffer("flag_center", torch.tensor([flag[0] for _, flag in flags], dtype=double))
        self.register_buffer("flag_scale", torch.tensor([flag[1] for _, flag in flags], dtype=double))
        place_of = {column.name: index for index, column in enumerate(numbers)}
        self.cycles = [(place_of[date.name], cycle) for date in columns.dates for cycle in date.cycles]
        one_hot = [
            (number, code)
            for number, column in enumerate(columns.categories)
            for code in (*range(len(column.values)), *([UNSEEN] if column.has_other else []))
        ]
        self.register_buffer("column_of", torch.tensor([number for number, _ in one_hot], dtype=torch.long))
        self.register_buffer("value_of", torch.tensor([code for _, code in one_hot], dtype=torch.long))

    def forward(self, *cells: Tensor) -> Tensor:
        parts = []
        if self.has_numbers:
            parts += self._numbers(cells[0])
        if len(self.column_of):
            codes = cells[-1].index_select(1, self.column_of)  # (B, W), one for each input
            parts.append((codes == self.value_of).to(torch.float64))
        parts += [on_circle(cells[0][:, index], cycle) for index, cycle in self.cycles]  # (B, 2) each
        return torch.cat(parts, dim=1).to(torch.float32)  # (B, D)

    def _numbers(self, numbers: Tensor) -> list[Tensor]:
        """Returns scaled numbers (B, N), and which are missing (B, F) if training missed some."""
        is_missing = numbers.isnan()
        near_zero = numbers - self.shift if self.has_shift else numbers  # exact where numbers are close
        scaled = (near_zero - self.center) / self.scale
        if self.bound is not None:
            near = scaled.clamp(-NEARLY_INFINITE, NEARLY_INFINITE)
            scaled = near / (1 + (near / self.bound).square()).sqrt()
        scaled = torch.where(is_missing, self.fill, scaled)
        if not len(self.flagged):
            return [scaled]
        flags = is_missing.index_select(1, self.flagged).to(torch.float64)
        return [scaled, (flags - self.flag_center) / self.flag_scale]
