"""Time several ways to do one thing in turns, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import torch
from filed import file_part, provenance

from mgu.config.run import RunConfig
from mgu.factory.resolved_run import resolve

# A user's Python keeps what it has compiled. Where it may not, every process would compile all of our package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

Seconds = dict[str, list[float]]


def in_turns(
    ways: Mapping[str, Callable[[], object]],
    rounds: int,
    warm_up: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> Seconds:
    """Seconds of every call, by name. The order turns by one every round, for who comes after whom matters."""
    names = list(ways)
    for _ in range(warm_up):
        for way in ways.values():
            way()
    seconds: Seconds = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            started = clock()
            ways[name]()
            seconds[name].append(clock() - started)
    return seconds


class Worker:
    """A peer in a process of its own, with its own threads and memory: `peer(word)` returns when it has done it."""

    def __init__(self, script: str, *arguments: object) -> None:
        command = [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout and self.process.stdout.readline() == "ready\n"

    def __call__(self, word: str) -> None:
        """The messages take some ten microseconds."""
        assert self.process.stdin and self.process.stdout
        print(word, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline(), "the peer has ended"

    def close(self) -> None:
        """Its end of input is its end."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def describe(seconds: list[float]) -> dict[str, float]:
    """Median and quartiles in seconds."""
    low, _, high = quantiles(seconds, n=4)
    return {"median_s": median(seconds), "quartile_low_s": low, "quartile_high_s": high, "rounds": len(seconds)}


def ratio(seconds: Seconds, above: str, below: str) -> float:
    """Of medians."""
    return median(seconds[above]) / median(seconds[below])


def spread(seconds: Seconds, above: str, below: str) -> str:
    """The ratio of medians, and the quartiles of the ratios round by round."""
    low, _, high = quantiles([a / b for a, b in zip(seconds[above], seconds[below], strict=True)], n=4)
    return f"{ratio(seconds, above, below):.2f} ({low:.2f}-{high:.2f})"


def save(study: str, part: str, config: RunConfig, rows: list[dict[str, Any]]) -> None:
    """Files the rows as a part of results/STUDY/data.json, with the command, the commit, the date and the machine."""
    file_part(study, part, {"machine": machine_of(config), "rows": rows})


def machine_of(config: RunConfig) -> dict[str, Any]:
    """The command, the commit, the date and the machine of a measurement."""
    return {
        **provenance(),
        "device": resolve(config).device_name,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
    }
