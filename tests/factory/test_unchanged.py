"""What a finished run computes with may have changed since: it is not certified to be itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mgu.errors import UserError
from mgu.predict.export_run import export_run
from mgu.predict.model import load
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from tests.conftest import Configure

pytestmark = pytest.mark.slow

SOURCE = """
from pathlib import Path

from torch import nn


class Net(nn.Sequential):
    def __init__(self, num_inputs, num_classes):
        super().__init__(nn.Flatten(), nn.Linear(num_inputs, num_classes))
        self.factor = float(Path(__file__).with_name("factor.txt").read_text())

    def forward(self, x):
        return super().forward(x) * self.factor
"""


def test_a_run_whose_network_reads_another_file_now_is_not_exported(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_factor", raising=False)
    Path("own_factor.py").write_text(SOURCE)
    Path("factor.txt").write_text("1")
    config = configure("layout=python", "layout.target=own_factor:Net", "norm=no_norm", "training.epochs=3")
    run_folder(config).mkdir(parents=True)
    score = run(config).val
    assert score and score.accuracy and score.accuracy > 0.5
    _, lines = export_run(load(run_folder(config)), "torch")
    assert any("as the run itself" in line for line in lines)
    Path("factor.txt").write_text("-1")
    told = f"what it did when it was trained, {score.accuracy:.2%}, but has .*a file that your own code reads"
    with pytest.raises(UserError, match=told):
        export_run(load(run_folder(config)), "torch")
