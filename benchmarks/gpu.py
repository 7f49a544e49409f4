"""Everything that only a GPU can tell, in one go and unattended: is it right, how fast, at what energy.

    .venv/bin/python benchmarks/gpu.py --out FOLDER [--data FOLDER] [--runs FOLDER] [--phases NAME,...] [--budget-s 570]

Phases, in order: facts, correct, speed, mnist, tf32, cifar. Each leaves FOLDER/NAME.json, and the runs are packed into
FOLDER/runs.tar.gz without weights. What is done is skipped, and no phase begins or goes on after the budget, so that a
call can be repeated until all is done; where FOLDER and the runs do not survive between calls, --earlier names the
FOLDER that an earlier call left. The data lies in --data or MGU_DATA as torchvision leaves it; benchmarks/pieces.py
sends it there. --smoke tries all of this in minutes on a CPU: its figures say nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from gpu_speed import measure_speed

from mgu.results.result import Result, read_result

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "from mgu.cli.main import main; main()", "-m"]
BARS_S = {"mnist": 180.0, "cifar": 1800.0}  # the whole experiment, at most
NUM_RUNS = {"mnist": 25, "cifar": 26}
SMOKE = ["+experiment=digits", "layout=digits_2", "norm=ln", "training.epochs=1", "device=cpu", "threads=1"]
WORDS = {
    "mnist": ["+experiment=mnist"],
    "cifar": ["+experiment=cifar", "tf32=true"],  # its floor is arithmetic, that of mnist is not
    "tf32": ["dataset=mnist", "layout=mnist_4", "mgu=reference", "tf32=true,false", "seed=0,1,2,3,4"],
}
SMOKE_WORDS = {"mnist": SMOKE, "cifar": [*SMOKE, "tf32=true"], "tf32": [*SMOKE, "tf32=true,false", "seed=0,1"]}


def main() -> None:
    options = parse()
    deadline = time.monotonic() + options.budget_s
    options.out.mkdir(parents=True, exist_ok=True)
    if options.earlier:
        take_over(options.earlier, options.out, options.runs)
    phases = {
        "facts": lambda: facts(options),
        "correct": lambda: correct(deadline),
        "speed": lambda: measure_speed(options.smoke),
        **{name: lambda name=name: experiment(name, options, deadline) for name in ("mnist", "tf32", "cifar")},
    }
    for name in options.phases.split(",") if options.phases else phases:
        file = options.out / f"{name}.json"
        before = json.loads(file.read_text()) if file.exists() else {}
        if before.get("is_complete") or time.monotonic() > deadline:
            print(f"{name}: {'done before' if before.get('is_complete') else 'left for another call'}", flush=True)
            continue
        started = time.monotonic()
        outcome = phases[name]()
        wall_s = [*before.get("wall_s", []), time.monotonic() - started]
        file.write_text(json.dumps({"is_complete": True, "wall_s": wall_s, "smoke": options.smoke} | outcome, indent=2))
        print(f"{name}: {sum(wall_s):.0f} s\n{json.dumps(outcome, indent=1)[-3000:]}", flush=True)
        pack(options.runs, options.out)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MGU_DATA", "~/.cache/mgu")).expanduser())
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "gpu")
    parser.add_argument("--phases", help="all, if left out")
    parser.add_argument("--budget-s", type=float, default=570.0)
    parser.add_argument("--earlier", type=Path)
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    if not options.smoke and not torch.cuda.is_available():
        parser.error("a GPU must be there, but torch finds none. Pass --smoke to try the script without one.")
    os.environ["MGU_DATA"] = str(options.data.resolve())
    return options


def facts(options: argparse.Namespace) -> dict[str, Any]:
    """The machine and the versions."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,power.limit,clocks.max.sm", "--format=csv"]
    smi = subprocess.run(query, capture_output=True, text=True, check=False).stdout if shutil.which(query[0]) else None
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "nvidia_smi": smi,
        "cores": os.cpu_count(),
        "data": sorted(path.name for path in options.data.glob("*")),
    }


def correct(deadline: float) -> dict[str, Any]:
    """The tests that a GPU decides, and those of the engines; it is complete whether they pass or not."""
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--show-capture=no", "tests/train/test_cuda_graph.py"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False,
                              timeout=max(deadline - time.monotonic(), 1))  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"is_complete": False}
    lines = done.stdout.splitlines()
    verdicts = [line for line in lines if line.startswith(("PASSED", "FAILED", "SKIPPED", "ERROR"))]
    return {"exit_code": done.returncode, "summary": lines[-1:], "tests": verdicts, "output": done.stdout[-8000:]}


def experiment(name: str, options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    """A sweep by `mgu-run`, interrupted at the deadline as by Ctrl-C; a later call goes on."""
    words = (SMOKE_WORDS if options.smoke else WORDS)[name]
    started = time.monotonic()
    command = [*COMMAND, *words, f"experiment_name={name}", f"runs_dir={options.runs.resolve()}"]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        process.wait(timeout=max(deadline - started, 1))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait()
    results = [read_result(file) for file in sorted((options.runs / name).glob("*/result.json"))]
    ok = [result for result in results if result.status != "failed"]
    summary = {
        "is_complete": process.returncode == 0,
        "exit_code": process.returncode,
        "command": words,
        "runs": len(results),
        "runs_wanted": NUM_RUNS.get(name),
        "to_solution_s": sum(result.seconds.to_solution for result in ok if result.seconds),
        "setup_s": sum(result.seconds.setup for result in ok if result.seconds),
        "bar_s": BARS_S.get(name),
        "epochs": sum(result.epochs or 0 for result in ok),
        "by_run": [row_of(result) for result in results],
    }
    return summary | ({"effect": tf32_effect(ok)} if name == "tf32" else {})


def row_of(result: Result) -> dict[str, Any]:
    """What is reported of one run; energy by part with its method, never added up."""
    energy = result.energy
    return {
        "name": result.name,
        "tf32": result.config["tf32"],
        "status": result.status,
        "error": result.error,
        "epochs": result.epochs,
        "val_accuracy": result.val.accuracy if result.val else None,
        "to_solution_s": result.seconds.to_solution if result.seconds else None,
        "gpu_kwh": energy.gpu.kwh if energy else None,
        "gpu_method": energy.gpu.method if energy else None,
        "cpu_kwh": energy.cpu.kwh if energy else None,
        "cpu_method": energy.cpu.method if energy else None,
    }


def tf32_effect(results: list[Result]) -> dict[str, Any]:
    """Validation accuracy with TF32 less that without, in points, seed by seed."""
    accuracy = {(r.config["tf32"], r.seed): r.val.accuracy * 100 for r in results if r.val}
    seeds = sorted(seed for is_allowed, seed in accuracy if is_allowed and (False, seed) in accuracy)
    differences = [accuracy[True, seed] - accuracy[False, seed] for seed in seeds]
    return {"points": differences, "mean_points": mean(differences) if differences else None}


def pack(runs: Path, out: Path) -> None:
    """All that reports read, and nothing large."""
    with tarfile.open(out / "runs.tar.gz", "w:gz") as archive:
        for file in sorted(runs.glob("*/*/*")):
            if file.suffix in (".json", ".csv", ".yaml", ".txt"):
                archive.add(file, str(file.relative_to(runs)))


def take_over(earlier: Path, out: Path, runs: Path) -> None:
    """What another call came to."""
    for file in earlier.glob("*.json"):
        if not (out / file.name).exists():
            shutil.copy(file, out)
    if (earlier / "runs.tar.gz").exists() and not runs.exists():
        with tarfile.open(earlier / "runs.tar.gz") as archive:
            archive.extractall(runs, filter="data")


if __name__ == "__main__":
    main()
