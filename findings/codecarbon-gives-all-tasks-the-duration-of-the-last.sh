#!/usr/bin/env bash
# Claim: where a training is measured by codecarbon's tasks (start_task, stop_task), the row of the whole in
#   emissions.csv has the energy and emissions of all tasks, but the duration of the last one, for each task sets the
#   tracker's clock back. Emissions per second, which the same row has, and the power that one computes from energy and
#   duration, are too large by the ratio of all tasks to the last: after hours of training and a second of evaluation a
#   thousand times. The rows of the tasks are right.
# Guess before: the row of the run has the duration of the run, or of its tasks together, and a rate between those of
#   its tasks.
# Versions: codecarbon==3.3.2. (Issue 653 of 2024 saw durations of runs with tasks that were too short.)
# Seen: tasks of 1, 4 and 1 seconds at a constant power: 1.0 s, 4.0 s, 1.0 s and 1.7e-6 kg/s each; the whole: energy of
#   6.0 s, duration 1.0 s, 1.0e-5 kg/s.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet codecarbon==3.3.2
cd "$folder"
"$folder/env/bin/python" - <<'PY'
import csv
import time
from pathlib import Path

from codecarbon import OfflineEmissionsTracker

tracker = OfflineEmissionsTracker(
    country_iso_code="FRA", output_dir=".", log_level="critical", force_cpu_power=100, force_ram_power=10,
    allow_multiple_runs=True,
)
for name, seconds in (("load", 1), ("train", 4), ("evaluate", 1)):
    tracker.start_task(name)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
    tracker.stop_task()
tracker.stop()


def rows(path):
    columns = "duration", "energy_consumed", "emissions", "emissions_rate"
    return [{column: float(row[column]) for column in columns} for row in csv.DictReader(path.open())]


(whole,) = rows(Path("emissions.csv"))
(path,) = Path().glob("emissions_base_*.csv")
tasks = rows(path)
for kind, row in [("task", row) for row in tasks] + [("whole", whole)]:
    print(kind, {column: f"{value:.2e}" for column, value in row.items()})


def of_tasks(column):
    return sum(row[column] for row in tasks)


assert abs(whole["energy_consumed"] / of_tasks("energy_consumed") - 1) < 0.02
assert of_tasks("duration") > 5.9 and whole["duration"] < 1.2 * tasks[-1]["duration"]
assert whole["emissions_rate"] > 2 * max(row["emissions_rate"] for row in tasks)
PY
echo "as claimed"
