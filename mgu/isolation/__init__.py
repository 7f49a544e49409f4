"""Function calls in fresh processes, which may leak, crash, hang or be killed without harm to the caller.

The processes are forked from a server that has imported the slow libraries and has done nothing else: a fresh process
costs hundredths of a second, and every one of them starts from the same state. call.py is what the caller uses,
server.py its handle of the server, fork_server.py the server itself, child.py what a fresh process does, orphan.py what
a worker of a launcher does that has lost its caller.

The parent process knows the functions of the child process by name only, for importing them would import torch. The
names are the constants below; tests/isolation/test_isolation.py resolves each of them.
"""

from mgu.isolation.call import Call, call, wait
from mgu.isolation.child import Send
from mgu.isolation.orphan import end_with_parent
from mgu.isolation.outcomes import Crashed, Raised, ServerDied, TimedOut, describe_exit
from mgu.isolation.server import PRELOAD, PRELOAD_ENERGY, PRELOAD_RUN, finish_imports, start_server

__all__ = [
    "CALIBRATE",
    "CHECK_ENVIRONMENT",
    "DESCRIBE_DATA",
    "DRY_RUN",
    "MEASURE_GEMM",
    "PRELOAD",
    "PRELOAD_ENERGY",
    "PRELOAD_RUN",
    "RUN",
    "SIZE_MODELS",
    "Call",
    "Crashed",
    "Raised",
    "Send",
    "ServerDied",
    "TimedOut",
    "call",
    "describe_exit",
    "end_with_parent",
    "finish_imports",
    "start_server",
    "wait",
]

RUN = "mgu.run.worker:run_isolated"
CHECK_ENVIRONMENT = "mgu.run.preflight:check_environment"
SIZE_MODELS = "mgu.run.preflight:size_models"
DRY_RUN = "mgu.run.dry_run:dry_run"
CALIBRATE = "mgu.run.calibrate:calibrate"
DESCRIBE_DATA = "mgu.data.python.describe:describe"
MEASURE_GEMM = "mgu.gemm.measure:measure_point"
