"""Figures of a report as SVG, PDF and PNG; the same runs give the same bytes.

`figures` chooses what the runs of an experiment allow and `write_figures` writes the files. matplotlib is imported only
when something is drawn.
"""
