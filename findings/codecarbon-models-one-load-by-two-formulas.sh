#!/usr/bin/env bash
# Claim: codecarbon models the power of a CPU without counters by two formulas. Of a whole machine (tracking_mode
#   "machine") it goes with the cube of the load, of one process ("process") linearly, so that a process that is all the
#   load of a machine is charged more than the machine.
# Guess before: one formula; a process is charged its share of the machine's power.
# Version: codecarbon==3.3.2.
# Seen: design power 100 W, load 50 %: 21.25 W for the machine, 50 W for the process that makes all of that load.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet codecarbon==3.3.2
cd "$folder"
env/bin/python - <<'PY'
from importlib.metadata import version

from codecarbon.external.hardware import CPU


class HalfBusy:
    def percent(self):
        return 50.0


machine = CPU(output_dir=".", mode="cpu_load", model="Some CPU", tdp=100, tracking_mode="machine")
machine._cpu_load_meter = HalfBusy()
of_machine = machine._get_power_from_cpu_load().W
of_process = float(CPU._calculate_power_from_cpu_load(100, 50.0, "Some CPU"))
print(version("codecarbon"), {"machine": of_machine, "process": of_process})
assert abs(of_machine - 100 * (0.1 + 0.9 * 0.5**3)) < 1e-9, of_machine
assert of_process == 50.0, of_process
PY
echo "as claimed"
