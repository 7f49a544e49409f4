"""Everything that only a GPU can tell, unattended and within 15 minutes: is it right, how fast, at what energy.

    .venv/bin/python benchmarks/gpu.py --out FOLDER [--data FOLDER] [--runs FOLDER] [--phases NAME,...] [--budget-s 840]

Phases, the most valuable first:

facts    the machine and the versions
correct  the tests that a GPU decides: kernels, CUDA graphs, TF32
mnist    the paper's MNIST experiment, 25 runs, and the lean unit, with the energy that NVML reports
speed    steps of units and baselines by every engine, see gpu_speed.py
cifar_7  CIFAR-10's layout of seven layers: 8 baselines, the paper's unit, the lean unit

Each leaves FOLDER/NAME.json, and the runs are packed into FOLDER/runs.tar.gz without weights. A phase ends at its share
of the budget, and a later call goes on where it has stopped: what is done is skipped. Where FOLDER and the runs do not
survive between calls, --earlier names the FOLDER that an earlier call left. The data lies in --data or MGU_DATA as
torchvision leaves it; benchmarks/pieces.py sends it there. --smoke tries all of this in minutes on a CPU, kernels by
Triton's interpreter: its figures say nothing.
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
from typing import Any

import torch

from mgu.results.on_disk.result_file import read_result
from mgu.results.schema.result import Result

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "from mgu.cli.main import main; main()", "-m"]
SHARES_S = {"facts": 30.0, "correct": 150.0, "mnist": 270.0, "speed": 150.0, "cifar_7": 300.0}  # of a call, at most
BARS = {"mnist": (25, 180.0)}  # runs of the paper's experiment, and seconds to solution of all, at most
TESTS = ("tests/kernels/test_on_cuda.py", "tests/train/test_cuda_graph.py")
PYTEST = [sys.executable, "-m", "pytest", "-q", "-rA", "--show-capture=no", "-m", "not slow"]  # slow ones use the CPU
GRID = ["norm=bn_pre,bn_post,ln,no_norm", "residual=with,without"]
CIFAR_7 = ["dataset=cifar10", "layout=cifar_7", "tf32=true"]  # its floor is arithmetic, that of mnist is not
WORDS = {  # the sweeps of a phase, one after the other in one folder; a bar is on the paper's runs
    "mnist": [["+experiment=mnist"], ["dataset=mnist", "layout=mnist_4", "mgu=lean"]],
    "cifar_7": [[*CIFAR_7, "mgu=reference,lean"], [*CIFAR_7, *GRID]],
}
DIGITS = ["dataset=digits", "layout=digits_2", "training.epochs=1", "device=cpu", "threads=1"]
SMOKE_WORDS = {
    "mnist": [["+experiment=digits", "layout=digits_2", "norm=ln", *DIGITS[2:]], [*DIGITS, "mgu=lean"]],
    "cifar_7": [[*DIGITS, "tf32=true", "mgu=lean"], [*DIGITS, "tf32=true", "norm=ln", "residual=without"]],
}


def main() -> None:
    options = parse()
    end = time.monotonic() + options.budget_s
    options.out.mkdir(parents=True, exist_ok=True)
    if options.earlier:
        take_over(options.earlier, options.out, options.runs)
    phases = {
        "facts": lambda before, deadline: facts(options),
        "correct": correct,
        "mnist": lambda before, deadline: experiment("mnist", options, deadline),
        "speed": lambda before, deadline: speed(options, deadline),
        "cifar_7": lambda before, deadline: experiment("cifar_7", options, deadline),
    }
    for name in options.phases.split(",") if options.phases else phases:
        file = options.out / f"{name}.json"
        before = json.loads(file.read_text()) if file.exists() else {}
        if before.get("is_complete") or time.monotonic() > end:
            print(f"{name}: {'done before' if before.get('is_complete') else 'left for another call'}", flush=True)
            continue
        started = time.monotonic()
        outcome = phases[name](before, min(end, started + SHARES_S[name]))
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
    parser.add_argument("--budget-s", type=float, default=840.0)
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


def correct(before: dict[str, Any], deadline: float) -> dict[str, Any]:
    """The tests that a GPU decides, file by file; it is complete whether they pass or not."""
    files: dict[str, Any] = dict(before.get("files", {}))
    for file in TESTS:
        if file in files:
            continue
        done = stopped_at(deadline, [*PYTEST, file])
        if done is None:
            return {"is_complete": False, "files": files}
        lines = done.stdout.splitlines()
        verdicts = [line for line in lines if line.startswith(("PASSED", "FAILED", "SKIPPED", "ERROR"))]
        output = "" if done.returncode == 0 else done.stdout[-8000:]
        files[file] = {"exit_code": done.returncode, "summary": lines[-1:], "tests": verdicts, "output": output}
    return {"files": files, "is_right": all(each["exit_code"] == 0 for each in files.values())}


def stopped_at(
    deadline: float, command: list[str], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str] | None:
    """Runs a command; None where it was still running at the deadline."""
    left, environment = max(deadline - time.monotonic(), 1), os.environ | (environment or {})
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False,
                              timeout=left)  # fmt: skip
    except subprocess.TimeoutExpired:
        return None


def speed(options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    """gpu_speed.py as a process of its own: kernels are interpreted, in --smoke, where it starts like that."""
    rows = options.out / "speed_rows.json"  # to which it adds a row for each model, and goes on from
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu_speed.py"), "--out", str(rows)]
    smoke = ["--smoke"] if options.smoke else []
    done = stopped_at(deadline, command + smoke, {"TRITON_INTERPRET": "1"} if options.smoke else None)
    return {
        "is_complete": done is not None and done.returncode == 0,
        "exit_code": done and done.returncode,
        "rows": json.loads(rows.read_text()) if rows.exists() else [],
    }


def experiment(name: str, options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    """Sweeps by `mgu-run`, interrupted at the deadline as by Ctrl-C; a later call goes on."""
    sweeps = (SMOKE_WORDS if options.smoke else WORDS)[name]
    place = [f"experiment_name={name}", f"runs_dir={options.runs.resolve()}"]
    codes = [sweep([*words, *place], deadline) for words in sweeps]
    results = [read_result(file) for file in sorted((options.runs / name).glob("*/result.json"))]
    of_paper_s, of_lean_s = (sum(seconds_of(r) for r in results if is_lean(r) == lean) for lean in (False, True))
    num_of_paper = sum(not is_lean(result) for result in results)
    return {
        "is_complete": not any(codes),
        "exit_codes": codes,
        "commands": sweeps,
        "runs": len(results),
        "to_solution_s": {"paper": of_paper_s, "lean": of_lean_s},
        "bar": bar(name, num_of_paper, of_paper_s),
        "setup_s": sum(result.seconds.setup for result in results if result.seconds),
        "epochs": sum(result.epochs or 0 for result in results),
        "by_run": [row_of(result) for result in results],
    }


def sweep(words: list[str], deadline: float) -> int:
    """The exit code of one sweep."""
    process = subprocess.Popen([*COMMAND, *words], cwd=ROOT)
    try:
        process.wait(timeout=max(deadline - time.monotonic(), 1))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait()
    return process.returncode


def bar(name: str, num_runs: int, seconds: float) -> str:
    """Whether the paper's experiment was as quick as it should be."""
    if name not in BARS:
        return "no bar"
    wanted, most_s = BARS[name]
    if num_runs < wanted:
        return f"{num_runs} of {wanted} runs: not known"
    return f"{seconds:.0f} s of at most {most_s:.0f} s: {'met' if seconds <= most_s else 'NOT MET'}"


def is_lean(result: Result) -> bool:
    """Which the paper has not."""
    return (result.config["mgu"] or {}).get("gate") == "channel"


def seconds_of(result: Result) -> float:
    """To solution."""
    return result.seconds.to_solution if result.seconds and result.status != "failed" else 0.0


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
