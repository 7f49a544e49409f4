"""What `pip install` gives a user: a wheel, built from the sdist, in a fresh environment and an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

import mgu

ROOT = Path(mgu.__file__).parents[1]


def call(*command: object, cwd: Path, **environment: str) -> str:
    variables = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MGU_RUNS", "VIRTUAL_ENV")
    }
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=variables, check=False, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_wheel_trains_and_reports_from_an_empty_folder(tmp_path: Path) -> None:
    uv = shutil.which("uv") or ROOT / ".uv" / "bin" / "uv"
    call(uv, "build", "--quiet", "--out-dir", tmp_path / "dist", ROOT, cwd=tmp_path)  # the wheel is made of the sdist
    (sdist,), (wheel,) = (tmp_path / "dist").glob("*.tar.gz"), (tmp_path / "dist").glob("*.whl")
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"mgu/py.typed", "conf/config.yaml", "mgu/unit/fused.c", "hydra_plugins/mgu_sweeper/__init__.py"} <= held
    versions = call(uv, "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", cwd=ROOT)
    (tmp_path / "versions.txt").write_text(versions)
    call(uv, "venv", "--quiet", "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    call(uv, "pip", "install", "--quiet", "--python", python, "-c", "versions.txt", wheel, cwd=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    command = python.with_name("mgu-run")
    trained = call(command, "layout=digits_2", "norm=ln", "training.epochs=1", "energy.enabled=false", cwd=empty)
    assert "digits_2-ln-s0" in trained and [folder.name for folder in empty.iterdir()] == ["runs"]
    assert "digits_2-ln-s0" in call(command, "report", cwd=empty)
    assert mgu.__version__ in call(command, "--version", cwd=empty)
