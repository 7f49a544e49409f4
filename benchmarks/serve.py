"""`mgu-run serve` with 1,000 runs under way: the processor time that it takes while a browser asks as its page does.

python benchmarks/serve.py [SECONDS [EPOCH_S]] makes 1,000 folders of runs in a temporary folder, holds the locks of
all, has each of them end an epoch every EPOCH_S (10) seconds, and prints what the server used of one core over SECONDS
(60). With --finish a run is over every second, so that the report is made anew as often as it may be. The defaults are
filed in results/speed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import yaml
from filelock import FileLock
from models import configure
from side_by_side import save

from mgu.results.on_disk.result_file import write_result
from tests.examples import example_result

NUM_RUNS, ASK_EVERY_S = 1000, 2.0
BAR = 0.05  # of one core
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="?", type=float, default=60.0)
    parser.add_argument("epoch_s", nargs="?", type=float, default=10.0)
    parser.add_argument("--finish", action="store_true", help="a run is over every second")
    options = parser.parse_args()
    epoch_s = options.epoch_s
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as locks:
        folders = make_runs(Path(temporary))
        for folder in folders:
            locks.enter_context(FileLock(folder / ".lock", timeout=0))
        command = [sys.executable, "-m", "mgu", "serve", temporary, "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        locks.callback(server.kill)
        assert server.stdout
        address = re.findall(r"http://\S+", server.stdout.readline())[0]
        is_over = threading.Event()
        training = threading.Thread(target=train, args=(folders, epoch_s, options.finish, is_over))
        training.start()
        row = measure(address, server.pid, options.seconds)
        is_over.set()
        training.join()
    print(f"each with an epoch every {epoch_s:g} s: {describe(row)}")
    if not sys.argv[1:]:
        save("speed", "serve", configure("M2"), [row | {"epoch_s": epoch_s, "bar": BAR}])


def make_runs(folder: Path) -> list[Path]:
    """Runs as they are after three epochs, with a configuration of the usual size."""
    values = {"seed": 0, "training": {"epochs": 10_000}, "optimizer": {f"value_{number}": 0.1 for number in range(90)}}
    made = [folder / "many" / f"model_{number}-s0-{number:08x}" for number in range(NUM_RUNS)]
    for own in made:
        own.mkdir(parents=True)
        (own / "config.yaml").write_text(yaml.safe_dump(values))
        (own / "history.csv").write_text("epoch,val_accuracy\n" + "1,0.5\n" * 3)
    return made


def train(folders: list[Path], epoch_s: float, finishes: bool, is_over: threading.Event) -> None:
    """Has each run end an epoch every so often, evenly spread, by replacing its files as runs do."""
    number = ended = 0
    started = time.monotonic()
    while not is_over.wait(0.1):
        while finishes and ended < time.monotonic() - started:
            write_result(folders[ended], example_result(f"model_{ended}-s0", val_accuracy=0.9))
            ended += 1
        for _ in range(int(NUM_RUNS / epoch_s * 0.1)):
            own = folders[number % NUM_RUNS]
            text = (own / "history.csv").read_text() + "1,0.5\n"
            temporary = own / ".history.csv.part"
            temporary.write_text(text)
            temporary.replace(own / "history.csv")
            number += 1


def measure(address: str, pid: int, seconds: float) -> dict[str, Any]:
    """Share of one core and memory of the server, after the first look at all runs."""
    first_s = used_s(pid)
    ask(address)
    time.sleep(2 * ASK_EVERY_S)
    first_s = used_s(pid) - first_s
    before_s, started, answers = used_s(pid), time.monotonic(), []
    while time.monotonic() - started < seconds:
        asked = time.perf_counter()
        text = ask(address)
        answers.append(time.perf_counter() - asked)
        time.sleep(ASK_EVERY_S)
    share = (used_s(pid) - before_s) / (time.monotonic() - started)
    peak = re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]
    return {
        "states": json.loads(text)["experiments"][0]["text"],
        "share": share,
        "seconds": seconds,
        "first_s": first_s,
        "slowest_s": max(answers),
        "peak_mib": int(peak) / 1024,
        "load": os.getloadavg()[0],
    }


def describe(row: dict[str, Any]) -> str:
    """The measurement in a line."""
    return (
        f"{row['states']}; {os.cpu_count()} cores, load {row['load']:.1f}: {row['share']:.1%} of one core over "
        f"{row['seconds']:.0f} s (processor time of the server by /proc), {row['first_s']:.2f} s of it for the first "
        f"look, slowest answer {1000 * row['slowest_s']:.0f} ms, {row['peak_mib']:.0f} MiB at most"
    )


def ask(address: str) -> str:
    """What the page asks for every two seconds."""
    with urlopen(f"{address}state") as answer:
        return str(answer.read().decode())


def used_s(pid: int) -> float:
    """Processor time of a process in seconds."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS_PER_S


if __name__ == "__main__":
    main()
