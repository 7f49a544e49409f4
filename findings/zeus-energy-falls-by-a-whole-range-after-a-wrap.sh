#!/usr/bin/env bash
# Claim: zeus corrects a RAPL counter that wraps only once it has noticed: a second process looks at the counter once
#   a second, and a reading trusts its count of wraps without comparing the counter with its own last value. A window
#   that ends in that second has the energy of the window minus the whole range, -262 kJ; one that begins in it gets the
#   range on top. At 100 W a package wraps every 44 minutes, and a monitor that reads windows of ten seconds one after
#   another ends one within that second at up to a tenth of the wraps. The sum of gapless windows comes right again, no
#   single one does.
# Guess before: zeus documents that it tracks wraparounds, and the energy of a window is never negative: a counter that
#   is lower than when the window began has wrapped.
# Versions: zeus==0.16.0. A script cannot bring a counter along: it is a file here, laid out as Linux does, in a folder
#   that takes the place of zeus's constant RAPL_DIR; the wrap is that of the kernel, from max_energy_range_uj to 0.
# Seen: 230 J whose window ends 0.1 s after the wrap: -261,913.3 J, and 262,173.3 J for the 30 J of the next window;
#   230 J whose window ends 2.5 s after it: 230.0 J.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet zeus==0.16.0
cd "$folder"
cat >measure.py <<'PY'
import os
import time
from pathlib import Path

from zeus.device.cpu import rapl
from zeus.monitor import ZeusMonitor

RANGE = 262_143_328_850  # microjoules, as of Intel's servers and desktops
zone = Path("powercap/intel-rapl:0")


def put(microjoules):
    """Sets the counter in one step, as the kernel does: no reader sees an empty file."""
    (zone / "new").write_text(f"{microjoules % RANGE}\n")
    os.replace(zone / "new", zone / "energy_uj")


def window(monitor, joules, seconds):
    """Says the energy of a window in which the counter goes from 200 J below the top to some joules beyond that."""
    put(RANGE - 200_000_000)
    time.sleep(2.5)
    monitor.begin_window("training")
    put(RANGE - 200_000_000 + joules * 1_000_000)
    time.sleep(seconds)
    return monitor.end_window("training").cpu_energy[0]


if __name__ == "__main__":  # zeus starts a process for the counter, which reads this file again
    zone.mkdir(parents=True)
    (zone / "name").write_text("package-0\n")
    (zone / "max_energy_range_uj").write_text(f"{RANGE}\n")
    put(0)
    rapl.RAPL_DIR = str(zone.parent.resolve())
    monitor = ZeusMonitor(gpu_indices=[])
    monitor.begin_window("start")
    time.sleep(5)  # until the second process runs and has read the counter
    monitor.end_window("start")

    below, late = window(monitor, 150, 0.1), window(monitor, 230, 2.5)
    print(f"150 J without a wrap: {below:,.1f} J; 230 J that end 2.5 s after a wrap: {late:,.1f} J")
    assert abs(below - 150) < 1 and abs(late - 230) < 1
    for _ in range(8):  # unless the second process looks just then
        early = window(monitor, 230, 0.1)
        monitor.begin_window("next")
        put(60_000_000)
        time.sleep(2.5)
        after = monitor.end_window("next").cpu_energy[0]
        if early < 0:
            break
    print(f"230 J that end 0.1 s after the wrap: {early:,.1f} J; the window of 30 J after it: {after:,.1f} J")
    assert abs(early - 230 + RANGE / 1e6) < 1 and abs(after - 30 - RANGE / 1e6) < 1
PY
env/bin/python -W ignore measure.py
echo "as claimed"
