#!/usr/bin/env bash
# Claim: the energy that perun computes from a RAPL counter is not the difference of the counter. It makes powers of the
#   differences, sets the first one twice, and integrates by trapezoids as if these means of intervals were values at
#   their ends: the first interval counts one and a half times, the last one half. A training that begins with a second
#   of loading at low power is charged too little, one that ends with a second of saving too much. The mean power is
#   that of the samples, the first one twice, and agrees with neither energy. Of a region (a decorated function) half of
#   the first interval has the power of what came before it. The sampling period is 1 s unless set, so this is 10 % of a
#   training of 5 s; the readings themselves are exact.
# Guess before: energy is the last reading minus the first, whatever the period is; the period limits only how finely
#   the power is seen.
# Versions: perun==1.0.0 (numpy==2.3.5).
# Seen: five seconds, the counter says 420 J (84 W): 20 W in the first second, else 100 W: 380 J, 73.3 W; 20 W in the
#   last second: 460 J, 86.7 W; 100 W throughout: 500 J, 100 W. Regions at 100 W after an idle phase at 20 W: five
#   seconds 460 J instead of 500 J, one second 60 W, half a second 33 W.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet perun==1.0.0 numpy==2.3.5
cd "$folder"
env/bin/python -W ignore - <<'PY'
import numpy as np
from perun.data_model.data import RawData
from perun.data_model.measurement_type import Magnitude, MetricMetaData, Unit
from perun.processing import processEnergyData

RANGE = np.uint64(262_143_328_850)  # micro-joules until a package's counter wraps, as Linux says it


def readings(watts):
    """Returns what perun's backend for powercap records when a counter is read every second."""
    counter = 10**9 + np.concatenate([[0], np.cumsum(watts)]) * 10**6
    seconds = np.arange(len(counter), dtype="float32")
    of_time = MetricMetaData(Unit.SECOND, Magnitude.ONE, np.dtype("float32"), np.float32(0), np.float32(1e9),
                             np.float32(-1))
    of_energy = MetricMetaData(Unit.JOULE, Magnitude.MICRO, np.dtype("uint64"), np.uint64(0), RANGE, RANGE)
    return RawData(seconds, counter.astype("uint64"), of_time, of_energy)


for title, watts, energy, power in (
    ("100 W throughout", [100] * 5, 500, 100),
    ("20 W in the first second", [20] + [100] * 4, 380, 220 / 3),
    ("20 W in the last second", [100] * 4 + [20], 460, 260 / 3),
):
    joules, mean = map(float, processEnergyData(readings(watts)))
    print(f"{title}: counter {sum(watts)} J in {len(watts)} s; perun {joules:.1f} J, {mean:.1f} W")
    assert np.isclose(joules, energy) and np.isclose(mean, power)

phases = [20] * 5 + [100] * 5 + [20] * 5  # the region at 100 W begins after 5 s
for end, energy, power in ((10, 460, 80), (6, 60, 60), (5.5, 20, 100 / 3)):
    joules, mean = map(float, processEnergyData(readings(phases), 5.0, float(end)))
    print(f"region of {end - 5} s at 100 W: {100 * (end - 5):.0f} J; perun {joules:.1f} J, {mean:.1f} W")
    assert np.isclose(joules, energy) and np.isclose(mean, power)
PY
echo "as claimed"
