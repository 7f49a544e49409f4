"""A stranger's data, network, layer and optimizer, by the example of the guide: nothing of the package is touched.

The files of docs/guide/extending.md are written into an empty folder, and its commands are run there one by one, each
in a process of its own.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import mgu
from tests.processes import Finished, Running, environment_of

GUIDE = Path(mgu.__file__).parents[1] / "docs" / "guide" / "extending.md"
EXAMPLE = GUIDE.read_text(encoding="utf-8").partition("<!-- example: a test runs it -->")[2]
BLOCKS = dict(re.findall(r"```(python|yaml|sh)\n(.*?)```", EXAMPLE, re.DOTALL)[2::-1])  # the first of each
DATA = ("dataset=python", "dataset.target=my_project:load")
NET = ("layout=python", "layout.target=my_project:Net")

pytestmark = [pytest.mark.slow, pytest.mark.long]
long = partial(pytest.param, marks=pytest.mark.long)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the stranger, after all commands of the guide."""
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "my_project.py").write_text(BLOCKS["python"])
    (folder / "my" / "optimizer").mkdir(parents=True)
    (folder / "my" / "optimizer" / "quick.yaml").write_text(BLOCKS["yaml"])
    lines = [line for line in BLOCKS["sh"].splitlines() if line.startswith("mgu-run ")]
    assert len(lines) > 3
    for line in lines:
        done = start(folder, *shlex.split(line, comments=True)[1:])
        assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, (line, done)
    return folder


def start(folder: Path, *words: str) -> Finished:
    """`mgu-run` in a folder, and in a process of its own."""
    return Running(folder, list(words), {}).wait()


def runs_of(folder: Path, name: str) -> list[Path]:
    return sorted(path.parent for path in (folder / "runs").glob(f"*/{name}*/result.json"))


def test_the_module_of_a_shell_s_folder_is_found(home: Path) -> None:
    """As typed: Python would put the folder first on its path, and this package must not."""
    command = [sys.executable, "-m", "mgu", "check", *DATA, *NET, "layout.options.width=32"]
    # The checkout is on the path where it is not installed, as in a worktree.
    environment = environment_of(home, {"PYTHONPATH": str(Path(mgu.__file__).parents[1])})
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Net" in done.stdout, done


def test_the_commands_have_left_runs_that_tell_their_code(home: Path) -> None:
    (net,) = runs_of(home, "Net-s0")
    result = json.loads((net / "result.json").read_text())
    assert result["config"]["layout"]["options"] == {"width": 32} and result["dataset"].startswith("my_project.load@")
    assert len(result["config"]["layout"]["sha256"]) == len(result["config"]["dataset"]["sha256"]) == 64
    assert (
        result["num_classes"] == 3 and result["test"]["accuracy"] > 0.2 and result["layout"].startswith("my_project:")
    )
    (unit,) = runs_of(home, "dense_2-ScaledLinear-mgu-reference")
    assert json.loads((unit / "result.json").read_text())["config"]["optimizer"]["lr"] == 0.01
    report = start(home, "report", "--format", "csv").stdout
    assert "Net" in report and "dense_2-ScaledLinear-mgu-reference" in report


def test_a_unit_around_the_layer_is_explained_from_anywhere_and_refused_once_its_code_has_changed(
    home: Path, tmp_path: Path
) -> None:
    (unit,) = runs_of(home, "dense_2-ScaledLinear-mgu-reference")
    explained = start(tmp_path, "explain", str(unit), "--out", str(tmp_path))
    assert explained.returncode == 0 and "bn_order" in explained.stdout, explained.stderr
    source = home / "my_project.py"
    before = source.read_text()
    try:
        source.write_text(f"{before}# edited\n")
        for command in ("explain", "prune"):
            refused = start(home, command, str(unit))
            assert refused.returncode == 2 and "RUN must have the data and the code" in refused.stderr
            assert "my_project.py" in refused.stderr and "has changed" in refused.stderr
        source.unlink()
        gone = start(home, "explain", str(unit))
        assert gone.returncode == 2 and "there is no my_project in" in gone.stderr
    finally:
        source.write_text(before)


def test_a_finished_run_is_not_trained_again_until_its_code_changes(home: Path) -> None:
    words = (*DATA, *NET, "layout.options.width=32", "training.epochs=2")
    assert "was there" in start(home, *words).stdout
    (home / "my_project.py").write_text(BLOCKS["python"] + "\n\nMORE = 1\n")
    done = start(home, *words)
    (home / "my_project.py").write_text(BLOCKS["python"])
    assert "was there" not in done.stdout and done.returncode == 0 and len(runs_of(home, "Net-s0")) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*DATA[:1], "dataset.target=my_project:laod"), "Did you mean my_project:load?"),
        ((*DATA, *NET, "layout.options.widht=3"), "Did you mean width?"),
        long((*DATA[:1], "dataset.target=my_projet:load"), "Did you mean my_project:load?"),
        long((*DATA, "dataset.options.standardized=true"), "Did you mean standardised?"),
        long((*DATA, "layout=python", "layout.target=my_project:load"), "must make a torch.nn.Module"),
        long((*DATA, "layout=digits_2"), "must be images (N, C, H, W) for layout=digits_2"),
    ],
)
def test_a_wrong_word_is_told_with_what_to_type(words: tuple[str, ...], message: str, home: Path) -> None:
    done = start(home, "check", *words)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


@pytest.mark.long
def test_an_exception_is_told_by_its_line_and_fails_its_run_alone(home: Path) -> None:
    broken = "\n\nclass Late(Net):\n    def forward(self, x):\n        if self.training and len(x) > 2:\n"
    broken += "            raise ValueError('too many')\n        return self.layers(x)\n"
    (home / "late_net.py").write_text(BLOCKS["python"] + broken)
    line = next(at for at, text in enumerate((home / "late_net.py").read_text().splitlines(), 1) if "too many" in text)
    checked = start(home, "check", *DATA, "layout=python", "layout.target=late_net:Late")
    assert checked.returncode == 2 and f"late_net.py:{line} (" in checked.stderr and "too many" in checked.stderr
    sweep = start(home, "-m", *DATA, "layout=python", "layout.target=late_net:Late,late_net:Net", "training.epochs=1")
    assert sweep.returncode == 1 and "1 of 2 runs failed" in sweep.stderr
    (late,) = runs_of(home, "Late-s0")
    assert f'late_net.py", line {line}' in (late / "log.txt").read_text()
