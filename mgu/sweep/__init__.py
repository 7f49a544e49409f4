"""The parent process: runs as the command line and Hydra launch them, each in a fresh child process.

sweep.py is the state of a sweep, launch.py launches its jobs, jobs.py trains one, plan.py shows what would be trained.
It reaches the child process (mgu/run/) only by name through mgu/isolation/; what the two share is on disk
(mgu/results/) or the configuration (mgu/config/). Imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.sweep.jobs import run_in_sweep as run_in_sweep
    from mgu.sweep.jobs import run_single as run_single
    from mgu.sweep.launch import Job as Job
    from mgu.sweep.launch import run_sweep as run_sweep
    from mgu.sweep.plan import show_plan as show_plan
    from mgu.sweep.seed_groups import group_seeds as group_seeds
    from mgu.sweep.seed_groups import lockstep_obstacle as lockstep_obstacle
    from mgu.sweep.sweep import Sweep as Sweep

_HOMES = {
    "Job": "launch",
    "Sweep": "sweep",
    "group_seeds": "seed_groups",
    "lockstep_obstacle": "seed_groups",
    "run_in_sweep": "jobs",
    "run_single": "jobs",
    "run_sweep": "launch",
    "show_plan": "plan",
}
__all__ = list(_HOMES)

__getattr__ = import_on_first_use(__name__, _HOMES)
