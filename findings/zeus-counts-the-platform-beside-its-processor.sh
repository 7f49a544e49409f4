#!/usr/bin/env bash
# Claim: zeus takes every top-level zone of Linux's power capping for a processor, without a look at its name. Intel's
#   client platforms have a zone "psys" beside "package-0": the whole platform, the package included. In cpu_energy it
#   is processor 1 of a machine with one socket, so that a sum over processors has the package twice, and the memory,
#   screen and fans on top. Measurement.total_energy, "total energy consumed during the measurement window", is no way
#   out: it sums GPUs alone, and a training on processors consumed 0 J by it.
# Guess before: "CPU indices" of a machine with one processor are [0]; what a zone is, its file "name" tells, by which
#   zeus does find the memory's. total_energy is at least that of the processors.
# Versions: zeus==0.16.0. A script cannot bring a client platform along: its zones are files laid out here as Linux does
#   (names package-0, core, psys, dram; microjoules), in a folder that takes the place of zeus's constant RAPL_DIR.
# Seen: package 50 J and the platform 70 J, which contains them: cpu_energy {0: 50.0, 1: 70.0}, 120 J; total_energy 0 J.
#   The core zone below the package is left out, and dram has a field of its own: 5 J.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet zeus==0.16.0
cd "$folder"
cat >measure.py <<'PY'
from pathlib import Path

from zeus.device.cpu import rapl
from zeus.monitor import ZeusMonitor

ZONES = {
    "intel-rapl:0": "package-0",
    "intel-rapl:0/intel-rapl:0:0": "core",
    "intel-rapl:0/intel-rapl:0:1": "dram",
    "intel-rapl:1": "psys",
}
root = Path("powercap")


def spend(joules):
    """Adds energies to the counters of zones by their names."""
    for zone, name in ZONES.items():
        counter = root / zone / "energy_uj"
        counter.write_text(f"{int(counter.read_text()) + joules[name] * 1_000_000}\n")


if __name__ == "__main__":  # zeus starts a process for each counter, which reads this file again
    for zone, name in ZONES.items():
        (root / zone).mkdir(parents=True)
        for file, value in {"name": name, "energy_uj": 1_000_000_000, "max_energy_range_uj": 262_143_328_850}.items():
            (root / zone / file).write_text(f"{value}\n")
    rapl.RAPL_DIR = str(root.resolve())
    monitor = ZeusMonitor(gpu_indices=[])
    monitor.begin_window("training")
    spend({"package-0": 50, "core": 40, "dram": 5, "psys": 70})
    measured = monitor.end_window("training")
    print(f"cpu_energy {measured.cpu_energy}, dram_energy {measured.dram_energy}, total_energy {measured.total_energy}")
    print("documented:", type(measured).total_energy.__doc__.splitlines()[0])
    assert measured.cpu_energy == {0: 50.0, 1: 70.0} and measured.dram_energy == {0: 5.0}
    assert measured.total_energy == 0
PY
env/bin/python -W ignore measure.py
echo "as claimed"
