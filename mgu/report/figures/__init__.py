"""Figures of a report as SVG, PDF and PNG; the same runs give the same bytes.

`figures` chooses what the runs of an experiment allow and `write_figures` writes the files. matplotlib is imported only
when something is drawn.
"""

from mgu.report.figures.style import encode, gate_colours, ink_on_gate, label_log_ticks, styled
from mgu.report.figures.write import ReportFigure, figures, write_figures

__all__ = [
    "ReportFigure",
    "encode",
    "figures",
    "gate_colours",
    "ink_on_gate",
    "label_log_ticks",
    "styled",
    "write_figures",
]
