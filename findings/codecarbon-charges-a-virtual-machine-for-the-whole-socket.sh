#!/usr/bin/env bash
# Claim: without counters codecarbon takes the design power of the whole socket that a processor's name stands for, and
#   does not ask how many of its threads the machine has. Of two virtual machines with two threads each, the one whose
#   host shows the name of its processor is charged tens of times as much as the one whose host hides it, which gets
#   4 W a thread.
# Guess before: the socket's power times the machine's share of the socket's threads, or the same rule for both.
# Version: codecarbon==3.3.2.
# Seen: two threads of an Intel Xeon Platinum 8375C (32 cores, 64 threads): 300 W; two of an "Intel Xeon Processor": 8
#   W; with both threads idle 30 W against 0.8 W are counted all the time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet codecarbon==3.3.2
cd "$folder"
env/bin/python - <<'PY'
from importlib.metadata import version
from unittest.mock import patch

from codecarbon.core import cpu
from codecarbon.external.hardware import CPU


class Idle:
    def percent(self):
        return 0.0


def powers(name, threads):
    """The power that is assumed of the machine, and what is counted while it does nothing, in watts."""
    with patch.object(cpu, "detect_cpu_model", lambda: name), patch.object(cpu, "count_cpus", lambda: threads):
        found = cpu.TDP()
    machine = CPU(output_dir=".", mode="cpu_load", model=found.model, tdp=found.tdp, tracking_mode="machine")
    machine._cpu_load_meter = Idle()
    return found.tdp, round(machine._get_power_from_cpu_load().W, 3)


named = powers("Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", 2)
hidden = powers("Intel(R) Xeon(R) Processor", 2)
whole = powers("Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", 64)
print(version("codecarbon"), {"named, 2 threads": named, "hidden, 2 threads": hidden, "named, 64 threads": whole})
assert named == whole == (300.0, 30.0), (named, whole)
assert hidden == (8, 0.8), hidden
PY
echo "as claimed"
