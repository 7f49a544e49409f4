"""Joins finished runs into ranked tables.

Runs of one model that differ only in their seed become a `Row`, rows of one experiment a ranked `Table`. Here are also
the rules by which a measured time or energy can be compared, the columns of the table, and the paper's own tables.
"""

from mgu.report.ranking.column import Column
from mgu.report.ranking.columns import columns, shown_columns
from mgu.report.ranking.paper import PaperRow, paper_table
from mgu.report.ranking.rank import Table, rank
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import Spread, chance_accuracy

__all__ = [
    "Column",
    "PaperRow",
    "Row",
    "Spread",
    "Table",
    "chance_accuracy",
    "columns",
    "paper_table",
    "rank",
    "shown_columns",
]
