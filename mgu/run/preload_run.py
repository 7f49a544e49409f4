"""What every run needs beside preload.py, as it says."""

from __future__ import annotations

import mgu.run.preflight
import mgu.run.trial
import mgu.run.worker  # noqa: F401
