#!/usr/bin/env bash
# Claim: eco2ai's interface for training (start_training, new_epoch, stop_training) charges epochs no energy of the CPU
#   on Linux. It takes the load of a whole epoch from one frame of `top` at its end, which new_epoch starts and waits
#   for: at that moment the process that trained does nothing but wait. What is left is the memory's energy. The same
#   holds for start and stop around a training that is shorter than measure_period (10 s unless set); only readings
#   between, which a thread of its own takes while the training goes on, see any load.
# Guess before: an epoch that keeps one of n processors busy is charged about 1 / n of the power of the socket for its
#   duration.
# Versions: eco2ai==0.3.12 with pandas==2.3.3 and setuptools==80.9.0 (it does not run with later ones); top of
#   procps-ng 4.0.2.
# Seen: 20 epochs of half a second of one of two processors: 1.7e-8 kWh each in the middle, where that load times the
#   power that eco2ai takes for the socket (61 W) is 4.2e-6 kWh; start to stop: 1.8e-8 kWh. A thread that reads
#   meanwhile sees a load of 0.24, the one that computed 0.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet eco2ai==0.3.12 pandas==2.3.3 setuptools==80.9.0
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PY'
import os
import threading
import time

import pandas
from eco2ai import Tracker
from eco2ai.tools.tools_cpu import CPU, get_cpu_percent_linux


def train():
    """Computes for half a second of a processor's time."""
    start = time.process_time()
    while time.process_time() - start < 0.5:
        pass


def tracker(name):
    return Tracker(file_name=name, alpha_2_code="FR", cpu_processes="current", ignore_warnings=True)


def charged(name):
    return pandas.read_csv(name)["power_consumption(kWh)"]


cpu = CPU(ignore_warnings=True)
right = cpu.tdp() * cpu.cpu_num() * 0.5 / os.cpu_count() / 3_600_000  # half a second of one of the machine's processors

epochs = tracker("epochs.csv")
epochs.start_training()
for epoch in range(20):
    train()
    epochs.new_epoch({"epoch": epoch})
epochs.stop_training()
short = []
for number in range(5):
    whole = tracker(f"short{number}.csv")
    whole.start()
    train()
    whole.stop()
    short.append(charged(f"short{number}.csv").iloc[-1])

loads = []
reader = threading.Thread(target=lambda: loads.extend(get_cpu_percent_linux("current") for _ in range(5)))
reader.start()
while reader.is_alive():
    pass
middle, middle_short = charged("epochs.csv").median(), sorted(short)[2]
print(f"half a second of one processor: {right:.1e} kWh by the power that eco2ai takes for the socket")
print(f"charged (median): {middle:.1e} kWh an epoch, {middle_short:.1e} kWh from start to stop")
print(f"load: {max(loads):.3f} read by a thread meanwhile, {get_cpu_percent_linux('current')} by the one that computed")
assert len(charged("epochs.csv")) == 20 and middle < right / 10 and middle_short < right / 10
PY
echo "as claimed"
