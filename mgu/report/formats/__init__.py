"""Formats of a report: terminal, Markdown, CSV, JSON, LaTeX and one self-contained HTML page.

All of them write the same `Analysis` objects. Only the terminal needs rich, and only the page needs jinja2 and
matplotlib.
"""
