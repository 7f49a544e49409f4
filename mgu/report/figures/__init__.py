"""Figures of an analysed table as SVG, PDF and PNG; the same runs give the same bytes."""
