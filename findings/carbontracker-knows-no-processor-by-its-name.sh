#!/usr/bin/env bash
# Claim: carbontracker's table of the design power of 3,923 processors, which is for machines without counters (as most
#   virtual ones), does not find the name that an Intel or AMD processor has on Linux. It looks for the whole name up to
#   the "@" ("Intel(R) Xeon(R) Gold 6148 CPU") inside the names of its table ("Intel Xeon Gold 6148"); (R), (TM), CPU
#   and "64-Core Processor" are in none of these. Nearly every processor so counts as half of the table's mean, 35.6 W,
#   be it one of 54 W or of 280 W: two machines compared by it have the same power. The warning says that no match was
#   found, as of a processor that is not in the table.
# Guess before: a processor that is in the table gets its own power.
# Versions: carbontracker==2.4.7 (numpy==2.3.5).
# Seen: ten processors of the table by the names that /proc/cpuinfo has: 35.6 W each, where half of their power is 27 W
#   (Ryzen 7 5800H), 75 W (Xeon Gold 6148), 140 W (EPYC 7763); by the table's own names 75.0 and 140.0 W.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet carbontracker==2.4.7 numpy==2.3.5
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PY' 2> "$folder/log" || { cat "$folder/log"; exit 1; }
from unittest import mock

from carbontracker.components.cpu.generic import GenericCPU

KNOWN = {  # the name that /proc/cpuinfo has: the name in the table
    "Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz": "Intel Xeon Gold 6148",
    "Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz": "Intel Xeon Platinum 8175M",
    "Intel(R) Xeon(R) Silver 4210 CPU @ 2.20GHz": "Intel Xeon Silver 4210",
    "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz": "Intel Xeon E5-2680 v4",
    "Intel(R) Core(TM) i7-6700 CPU @ 3.40GHz": "Intel Core i7-6700",
    "Intel(R) Core(TM) i7-8700K CPU @ 3.70GHz": "Intel Core i7-8700K",
    "Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz": "Intel Core i7-6700K",
    "AMD EPYC 7763 64-Core Processor": "AMD EPYC 7763",
    "AMD Ryzen 9 5950X 16-Core Processor": "AMD Ryzen 9 5950X",
    "AMD Ryzen 7 5800H with Radeon Graphics": "AMD Ryzen 7 5800H",
}


def power(name):
    """Returns the watts that carbontracker charges a processor of this name, and its table."""
    with mock.patch("cpuinfo.get_cpu_info", return_value={"brand_raw": name}):
        processor = GenericCPU(pids=[], devices_by_pid=False)
        processor.init()
    return processor.power_usage()[0], processor.cpu_power_data


charged = {name: power(name)[0] for name in KNOWN}
table = power("AMD EPYC 7763")[1]
for name, in_table in KNOWN.items():
    print(f"{name}: {charged[name]:.1f} W, half of {table[in_table]:.0f} W were {table[in_table] / 2:.1f} W")
print(f"the names of the table itself: {power('Intel Xeon Gold 6148')[0]:.1f} W, {power('AMD EPYC 7763')[0]:.1f} W")
assert len(table) > 3_000 and len(set(charged.values())) == 1
assert max(table[name] for name in KNOWN.values()) > 4 * min(table[name] for name in KNOWN.values())
assert power("AMD EPYC 7763")[0] == table["AMD EPYC 7763"] / 2
PY
echo "as claimed"
