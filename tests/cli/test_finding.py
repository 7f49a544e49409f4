"""Finding one's way: keys with their descriptions, schemas, completion in a real shell, and where values come from."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mgu.cli import completion, keys, schema
from mgu.cli.completion import read_words, script
from mgu.cli.exit_codes import SUB_COMMANDS
from mgu.config.conf import conf_dir
from mgu.config.faults import known_keys
from mgu.config.keys import list_keys
from mgu.errors import UserError
from tests.conftest import Command


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    keys.main(list(words))
    return capsys.readouterr().out


def test_every_legal_key_is_listed_with_a_description_and_a_default() -> None:
    listed = {key.name: key for key in list_keys(conf_dir())}
    assert all(key.description and key.values and key.defaults for key in listed.values())
    sections = {key for key in known_keys() if any(known.startswith(f"{key}.") for known in known_keys())}
    assert set(known_keys()) - sections - {"residual"} - set(listed) <= {
        f"layout.layer.{name}" for name in ("target", "options", "folder", "sha256")
    }


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("training.patience", "default 10, with training=paper"),
        ("lr", "number > 0, or auto; default auto"),
        ("energy", "energy.country\n    Your country"),
        ("mgu.gate", "replica, depthwise, squeeze, spatial, channel, scalar"),
        ("warm", "schedule.warmup_epochs"),
        ("learning_rate", "optimizer.lr"),
        ("search", "search.seed\n    Seed of the study: several make several studies.\n    integer ≥ 0, < 2147483648;"),
        ("share", "budget.share\n    Share of the points of the space.\n    number > 0, ≤ 1 or null; default null"),
    ],
)
def test_a_key_is_found_by_its_name_its_end_its_group_or_its_meaning(
    word: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in said(capsys, word)


def test_the_overview_names_every_group_and_an_unknown_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(said(capsys).split())  # lines are as long as the terminal is wide
    assert "randaugment" in text and "engine=auto" in text
    for group in ("experiment", "search", "space"):
        assert text.count(f"chosen as {'+' * (group == 'experiment')}{group}=NAME") == 1
    with pytest.raises(UserError, match="KEY must be a key, a group or a word"):
        keys.main(["qqqq"])


def test_schemas_are_written_with_the_setting_of_an_editor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema.main(["--write", str(tmp_path / "schemas")])
    settings = json.loads((tmp_path / "schemas" / "yaml.schemas.json").read_text())["yaml.schemas"]
    assert len(settings) == 18 and all(json.loads(Path(file).read_text())["title"] for file in settings)
    assert "18 schemas in" in capsys.readouterr().out
    schema.main(["energy"])
    assert "country" in json.loads(capsys.readouterr().out)["$defs"]["EnergyConfig"]["properties"]
    with pytest.raises(UserError, match="Did you mean optimizer"):
        schema.main(["optimiser"])


@pytest.fixture(scope="module")
def bash() -> str:
    return script("bash", read_words())


COMPLETE = """
line="$1"; COMP_LINE="$line"; COMP_POINT=${#line}
COMP_WORDS=($(sed "s/=/ = /g" <<< "$line")); [[ $line == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_mgu_run 2>/dev/null
printf "%s\\n" "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("mgu-run rep", {"report"}),
        ("mgu-run report --f", {"--format"}),
        ("mgu-run engine=", {"auto", "eager", "packed", "native", "compiled"}),
        ("mgu-run -m layout=digits_2,digits_", {"digits_2,digits_2", "digits_2,digits_3", "digits_2,digits_4"}),
        ("mgu-run plan +experiment=d", {"density", "digits"}),
        ("mgu-run training.sel", {"training.select="}),
        ("mgu-run report layo", {""}),
        ("mgu-run search ex", {"export"}),
        ("mgu-run report --format ", {"table", "md", "csv", "json", "tex", "html"}),
        ("mgu-run report x --format=h", {"html"}),
        ("mgu-run export x --to ", {"torch", "onnx"}),
        ("mgu-run prune x ep", {"epochs="}),
    ],
)
def test_bash_completes(line: str, found: set[str], bash: str, tmp_path: Path) -> None:
    loaded = bash + COMPLETE
    done = subprocess.run(
        ["bash", "-c", loaded, "bash", line], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split("\n")[:-1]) == found, done.stderr


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish")
def test_fish_completes() -> None:
    command = script("fish", read_words()) + "\ncomplete -C 'mgu-run engine=p'; complete -C 'mgu-run rep'"
    done = subprocess.run(["fish", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["engine=packed", "report"]


ZSH = """
zmodload zsh/zpty; zpty -b t zsh -f -i
zpty -w t "PS1=READY; autoload -U compinit; compinit -u -d $1/dump; source $1/script"
sleep 1; zpty -w -n t "$2"$'\\t\\t'; sleep 1
while zpty -r -t t chunk; do print -r -- "$chunk"; done
"""


@pytest.mark.long  # it waits for a terminal
@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
@pytest.mark.parametrize(("line", "found"), [("mgu-run layout=digits_", "layout=digits_3"), ("mgu-run repo", "report")])
def test_zsh_completes(line: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(script("zsh", read_words()))
    command = ["zsh", "-f", "-c", ZSH, "zsh", str(tmp_path), line]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert found in done.stdout, done.stdout + done.stderr


def test_every_shell_has_a_script_with_every_sub_command(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in completion.SHELLS:
        completion.main([shell])
        text = capsys.readouterr().out
        assert all(command in text for command in SUB_COMMANDS) and "@KEYS" not in text


@pytest.mark.slow
def test_where_each_value_comes_from(mgu_run: Command, tmp_path: Path) -> None:
    own = tmp_path / "my" / "optimizer" / "quick.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("defaults: [nadam]\nlr: 0.5\n", encoding="utf-8")
    words = ["--config-dir", "my", "optimizer=quick", "+experiment=digits", "seed=3", "mgu=reference"]
    shown = mgu_run("config", "--format", "json", *words, MGU_COUNTRY="DEU")
    record = json.loads(shown.stdout)
    origins, values = record["origins"], record["values"]
    assert origins["seed"] == "command line" and values["seed"] == 3
    assert origins["optimizer.lr"].endswith("my/optimizer/quick.yaml") and values["optimizer"]["lr"] == 0.5
    assert origins["optimizer.beta1"] == "conf/optimizer/nadam.yaml"
    assert origins["training.epochs"] == "conf/experiment/digits.yaml"
    assert origins["training.last_batch"] == "conf/training/paper.yaml: auto, filled in by the data or the machine"
    assert origins["mgu.mixing"] == "default of the schema"
    assert origins["energy.country"] == "conf/energy/codecarbon.yaml: ${oc.env:MGU_COUNTRY,null}"
    assert values["energy"]["country"] == "DEU"
