"""What every run needs beside preload.py, as it says."""

from __future__ import annotations

import mgu.run.dry_run
import mgu.run.preflight
import mgu.run.worker  # noqa: F401 - as there
