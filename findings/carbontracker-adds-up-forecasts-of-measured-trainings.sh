#!/usr/bin/env bash
# Claim: carbontracker's aggregate of a folder of logs, whose sentence ("The training of models in this work is
#   estimated to use ... kWh") is made for papers, is the sum of forecasts after the first epoch, not of what was
#   measured in all epochs. The pattern that reads "Actual consumption for 4 epoch(s)" does not read the number and
#   takes 1 for it; where that differs from the epochs of the forecast, the forecast counts. A first epoch that is
#   slower (data cached, kernels compiled) or faster than the others is so multiplied. Runs with interpretable=False,
#   whose text ends a line earlier, match no pattern and count as nothing. And after stop(), which its documentation has
#   at the end of a training that stops early, the energy of n epochs stands in the log as that of n - 1.
# Guess before: a run whose epochs were all measured counts with its measured energy; the option interpretable is about
#   kilometres by car only.
# Versions: carbontracker==2.4.7 with a simulated CPU of 100 W (numpy==2.3.5).
# Seen: 4 epochs of 1.5, 0.5, 0.5, 0.5 s: measured 1.3e-4 kWh, forecast and aggregate 2.6e-4; interpretable=False:
#   aggregate 0. Stopped after three epochs: "Actual consumption for 2 epoch(s)".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet carbontracker==2.4.7 numpy==2.3.5
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PY' 2> "$folder/log" || { cat "$folder/log"; exit 1; }
import re
import time
from pathlib import Path

from carbontracker.parser import aggregate_consumption
from carbontracker.tracker import CarbonTracker

SECONDS = [1.5, 0.5, 0.5, 0.5]


def train(folder, epochs=4, **options):
    """Trains in a folder of its own; returns the log, and the energy (kWh) that it has as measured and as forecast."""
    Path(folder).mkdir(exist_ok=True)
    tracker = CarbonTracker(epochs=4, components="cpu", sim_cpu="a CPU", sim_cpu_tdp=100.0, sim_cpu_util=1.0,
                            update_interval=0.1, log_dir=folder, verbose=0, **options)
    for seconds in SECONDS[:epochs]:
        tracker.epoch_start()
        time.sleep(seconds)
        tracker.epoch_end()
    tracker.stop()
    text = max(Path(folder).glob("*_output.log"), key=lambda path: path.stat().st_mtime).read_text()
    energy = [re.search(rf"{kind} consumption[^E]*Energy:\s*(\S+) kWh", text) for kind in ("Actual", "Predicted")]
    return text, *(float(found[1]) for found in energy)


text, measured, forecast = train("whole")
total = aggregate_consumption("whole")[0]
print(f"four epochs: measured {measured:.1e} kWh, forecast {forecast:.1e}, aggregate {total:.1e}")
assert "Actual consumption for 4 epoch(s)" in text and total == forecast > 1.5 * measured

_, plain, _ = train("plain", interpretable=False)
total = aggregate_consumption("plain")[0]
print(f"without interpretation: measured {plain:.1e} kWh, aggregate {total:.1e}")
assert plain > 0 and total == 0

text, stopped, _ = train("stopped", epochs=3)
name = re.search(r"Actual consumption for .*", text)[0]
print(f"stopped after three epochs of four: measured {stopped:.1e} kWh, {name!r}")
assert "for 2 epoch(s)" in name and stopped > 0.7 * measured
PY
echo "as claimed"
