"""Runs as a pandas table, for notebooks."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pandas as pd

from mgu.results.files import default_runs_dir
from mgu.results.load import load_results


def load_runs(*paths: str | Path) -> pd.DataFrame:
    """One row a run with every value of its result.json, nested names joined by dots ("val.accuracy").

    paths: folders or result.json files; all of runs/ if none is given. Unreadable files are left out.
    """
    chosen = [Path(path).expanduser() for path in paths] or [default_runs_dir()]
    return pd.json_normalize([msgspec.to_builtins(run.result) for run in load_results(chosen).runs])
