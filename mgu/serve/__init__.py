"""`mgu-run serve`: the report of a runs folder as a page that follows what is trained, for this machine only.

scan.py finds the states of runs by their files, locks.py tells which of them a process holds, summary.py says how far
they are, renderer.py keeps the report, server.py answers browsers. Imports no torch.
"""

from mgu.serve.renderer import Renderer, render_report
from mgu.serve.scan import Scanner, SeenRun
from mgu.serve.server import Server
from mgu.serve.summary import summarise_runs

__all__ = ["Renderer", "Scanner", "SeenRun", "Server", "render_report", "summarise_runs"]
