"""`make bench` compares figures with the recorded ones, in the direction in which each is better."""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

STUDY_OF = {
    "decisive": "decisive",
    "directed": "directed",
    "parity": "speed",
    "path_parts": "path_sgd",
    "seeds": "seeds",
}  # by script


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    import bench

    yield bench
    sys.modules.pop("bench")


def test_a_tenth_worse_is_a_regression(bench: Any) -> None:
    one = bench.Bench("some", 1, ("layout",), lower=("cost",), higher=("ratios.peer / ours.ratio",))
    before = [{"layout": "M2", "cost": 1.0, "ratios": {"peer / ours": {"ratio": 2.0}}}]
    worse = [{"layout": "M2", "cost": 1.1, "ratios": {"peer / ours": {"ratio": 1.8}}}]
    assert list(bench.compare(one, before, worse)) == [
        "REGRESSION M2, cost: 1 recorded, 1.1 now",
        "REGRESSION M2, ratios.peer / ours.ratio: 2 recorded, 1.8 now",
    ]
    better = [{"layout": "M2", "cost": 0.5, "ratios": {"peer / ours": {"ratio": 4.0}}}]
    assert not list(bench.compare(one, before, better))


def test_what_is_new_or_was_not_measured_is_none(bench: Any) -> None:
    one = bench.Bench("some", 1, ("layout",), lower=("cost",))
    assert not list(bench.compare(one, [], [{"layout": "M2", "cost": 1.0}]))
    assert not list(bench.compare(one, [{"layout": "M2", "cost": None}], [{"layout": "M2"}]))


def test_every_benchmark_is_a_script_that_fits_the_time(bench: Any) -> None:
    folder = Path(bench.__file__).parent
    assert all((folder / f"{each.script}.py").is_file() for each in bench.BENCHES)
    assert sum(each.minutes for each in bench.BENCHES) <= 20


def test_without_mnist_what_needs_it_is_skipped(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGU_DATA", str(tmp_path))
    (epochs,) = (each for each in bench.BENCHES if each.script == "epochs")
    (line,) = bench.run(epochs, 600.0)
    assert line.startswith("skipped, for it needs MNIST")


def test_too_few_rounds_are_refused_before_anything_is_measured(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from rounds import add_rounds

    parser = argparse.ArgumentParser()
    add_rounds(parser, default=7)
    assert parser.parse_args([]).rounds == 7 and parser.parse_args(["--rounds", "2"]).rounds == 2
    for word in ("1", "0", "two"):
        with pytest.raises(SystemExit) as ended:
            parser.parse_args(["--rounds", word])
        told = capsys.readouterr().err.splitlines()[-1]
        assert ended.value.code == 2
        assert told.endswith(f"must be a whole number of at least 2, but got {word}. Quartiles need two rounds.")
    scripts = Path(bench.__file__).parent.glob("*.py")
    assert [file.stem for file in scripts if 'add_argument("--rounds"' in file.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    ("script", "words", "told"),
    [
        ("directed", "--only gate", "must name some of gates, digits, but got gate."),
        ("directed", "--only gates --names xr", "but xr is none of and; or; not;"),
        ("decisive", "--only free,fre", "settling and penalty, but got fre."),
        ("divergence", "--kinds chanel/padded", "scalar/padded, baseline, but got chanel/padded."),
        ("precise_bn", "digits --parts 0,99", "must be among the folds 0,1,2,3,4,5,6,7,8,9, but got 99."),
    ],
)
def test_names_that_there_are_not_are_refused_before_anything_is_measured(
    bench: Any, script: str, words: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`directed.py --only gate` filed digits as a part of that name."""
    monkeypatch.setattr(sys, "argv", [f"{script}.py", *words.split()])
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(script).main()
    assert ended.value.code == 2 and told in capsys.readouterr().err.splitlines()[-1]


def test_a_layout_or_norm_that_there_is_not_is_no_fault_of_the_disk(bench: Any) -> None:
    """Hydra's exception is an OSError, at which seeds.py said: Check disk space and permissions."""
    from models import configure

    with pytest.raises(SystemExit, match=r"norm must be one of bn_post, .*, but got bn\."):
        configure("M2", "norm=bn")
    with pytest.raises(SystemExit, match=r"layout must be one of M2, M3, .*, but got M9\."):
        configure("M9")
    with pytest.raises(SystemExit, match=r"optimizer\.lr must be greater than 0"):
        configure("M2", "optimizer.lr=-1")


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    import pages

    return pages


def test_the_time_of_a_page_is_that_of_all_its_tables(pages: Any) -> None:
    def part(command: str | None, **known: float) -> dict[str, Any]:
        return {"machine": known | ({"command": command} if command else {}), "rows": []}

    runs = [
        part("a", wall_s=3600.0, cpu_s=1800.0, runs=3, contended=1),
        part("b", wall_s=1800.0, cpu_s=900.0, runs=2, contended=0),
    ]
    both = part(None, wall_s=5400.0, cpu_s=2700.0, runs=5, contended=1)  # sums up the others
    assert pages.spent([both, *runs]) == "1.50 h wall clock, 0.75 h processor time (measured)"
    assert pages.spent([part("c"), runs[0]]).endswith("(measured); of 1 other table not recorded")
    assert pages.spent([part("c")]) == "not recorded"
    pruned = {**runs[0], "rows": [{"search_s": 1800.0, "tune_s": 900.0}, {"search_s": 0.0, "tune_s": 900.0}]}
    assert pages.spent([pruned]).endswith("; pruning them 1.00 h wall clock")
    assert pages.contended([both, *runs]).startswith("1 of 5 runs,") and not pages.contended([runs[1], part("c")])


def test_filed_ratios_are_of_medians(pages: Any) -> None:
    """As docs/method/measurement.md says: a slow round of one way moves no ratio of medians."""
    import claims
    import cost_tables
    import equilibrium_tables

    seconds = {"kind": {"median_s": 3.0}, "none": {"median_s": 2.0}}
    row = {
        "augment": "kind",
        "ratio": 9.0,
        "augmented / plain": "9.00 (1.2-1.8)",
        "steps": 1,
        "processor_seconds": seconds,
    }
    assert "| 1.50 (1.2-1.8) |" in cost_tables.augment({"rows": [row]}) and "1.50 times" in claims.augment(
        {"C7": {"rows": [row]}}
    )
    ways = [
        {"way": way, "step_cpu_ms": ms, "ratio": 9.0, "error": 0.0} for way, ms in (("mgu", 2.0), ("torchdeq x", 8.0))
    ]
    assert "| 4.00 |" in equilibrium_tables.steps({"rows": ways})
    assert "0.25 times" in equilibrium_tables.claim_equilibrium({"step": {"rows": ways}})
    rounds = [
        {"first_s": a, "later_s": 1.0, "floats_s": b, "bytes_s": b} for a, b in ((1.0, 10.0), (4.0, 5.0), (6.0, 1.0))
    ]
    assert "in 0.80 times what" in claims.decoding({"rounds": {"rows": rounds}})


def test_the_commands_of_a_page_are_of_the_units_that_it_shows(pages: Any) -> None:
    """mgu=lean has had another wiring since these runs, which their pages' commands must name."""
    from models import configure
    from studies import STUDIES

    studies = {study.name: study for study in STUDIES}
    command = studies["pruning"].commands[0].replace("mgu=reference,lean", "mgu=lean")
    config = configure("digits_4", "dataset=digits", *single(command), "seed=0")
    assert config.identity == pages.load_study("pruning")["lean"]["rows"][0]["identity"]
    (command,) = [own for own in studies["gates"].commands if "mgu=lean" in own]
    filed = {row["model_name"] for row in pages.load_study("gates")["accuracy"]["rows"]}
    assert configure("digits_4", "dataset=digits", *single(command)).stem in filed


def single(command: str) -> list[str]:
    """The words of a command that are no flags and no lists."""
    return [word for word in command.split()[1:] if word != "-m" and "," not in word]


def test_the_commands_of_a_page_measure_all_its_rows(pages: Any) -> None:
    from models import configure
    from studies import STUDIES

    studies = {study.name: study for study in STUDIES}
    kinds = {row["gate"] + "/" + row["bypass"] for row in pages.load_study("gates")["gates"]["rows"]}
    measured: dict[str, set[tuple[str, str]]] = {}
    for command in (own.split() for own in studies["gates"].commands if "gates.py" in own):
        options = dict(zip(command[2::2], command[3::2], strict=True))
        own = options["--kinds"].split(",") if "--kinds" in options else kinds
        measured.setdefault(options.get("--name", "gates"), set()).update(product(options["--layouts"].split(","), own))
    for part, pairs in measured.items():
        rows = pages.load_study("gates")[part]["rows"]
        assert {(row["layout"], f"{row['gate']}/{row['bypass']}") for row in rows} == pairs
    for part, is_of_code in (("runs", False), ("code", True)):
        trained = {
            configure("cifar_7", "dataset=cifar10", *words).stem
            for command in studies["cifar"].commands
            if command.startswith("mgu-run -m") and ("cifar_rate_001" in command) is is_of_code
            for words in product(*swept(command))
        }
        filed = {row["model_name"].removesuffix("-s0") for row in pages.load_study("cifar")[part]["rows"]}
        assert filed - trained <= {"cifar_7-mgu-lean"}, filed - trained  # which has a longer name in full


def swept(command: str) -> list[list[str]]:
    """The values of each word of a command that names a model."""
    words = [word.partition("=") for word in command.split() if word.startswith(("norm=", "residual=", "mgu="))]
    return [[f"{key}={value}" for value in values.split(",")] for key, _, values in words]


def test_claims_say_what_speaks_against_them(pages: Any) -> None:
    import claim_tables
    import claims
    import path_tables

    def against(difference: float, p_better: float) -> dict[str, Any]:
        tested = {"difference": difference, "p_better": p_better, "p_corrected": 0.001, "is_within_margin": False}
        return {claim_tables.BEST: tested, claim_tables.RANDOM: tested}

    rows = [{"data": name, "cost_ratio": 12.0, "rivals": against(*own)}
            for name, own in (("a", (2.0, 0.001)), ("b", (-1.0, 0.999)), ("c", (-1.0, 0.999)))]  # fmt: skip
    told = claim_tables.claim({"better": {"rows": rows}})
    assert "is worse than the unit on 1 of 3 of these data, and better than it on 2 of 3." in told
    seeds = [{"status": "diverged", "solved_after": None}, {"status": "ok", "solved_after": 4}]
    row = {"optimizer": "path_sgd kappa", "lr": 0.2, "solved": 1, "seeds": seeds}
    assert path_tables._how_often(row) == "path_sgd at 0.2 in 1 of 2"
    row["seeds"] = [{"status": "diverged", "solved_after": 4}, seeds[1]]
    assert path_tables._how_often(row).endswith("in 1 of 2 (1 of which diverges later)")
    parts: dict[str, Any] = {
        "units": {"rows": [{"steps": {"native": {"rounds": 10}}}]},
        "folders": {"rows": [{"rounds": 2}]},
    }
    assert claims.rounds_of_speed(parts) == "medians of 2 to 10 rounds in turns (units: 10); batches of 64"


def test_what_a_partial_run_measures_takes_the_place_of_the_filed_rows_that_agree(
    pages: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import filed

    monkeypatch.setattr(filed, "RESULTS", tmp_path)
    old, new = ([{"layout": layout, "seeds": seeds, "s": s} for layout in layouts]
                for layouts, seeds, s in (("abc", [0, 1, 2], 1), ("db", [0, 1], 2)))  # fmt: skip
    assert filed.with_filed("speed", "blocks", new, "layout") == new  # nothing is filed yet
    filed.check_seeds("speed", "blocks", new)
    machines = [{"commit": commit, "date": date, "torch": "2"} for commit, date in (("a1", "May 1"), ("b2", "May 2"))]
    filed.file_part("speed", "blocks", {"machine": machines[0], "rows": old})
    merged = filed.with_filed("speed", "blocks", new, "layout")
    assert [(row["layout"], row["s"]) for row in merged] == [("a", 1), ("b", 2), ("c", 1), ("d", 2)]
    kept = {"commit": "a1", "date": "May 1"}
    assert [row.get("measured") for row in merged] == [kept, None, kept, None]
    filed.file_part("speed", "blocks", {"machine": machines[1], "rows": merged})
    again = filed.with_filed("speed", "blocks", new[:1], "layout")
    assert [row.get("measured") for row in again] == [kept, kept | {"commit": "b2", "date": "May 2"}, kept, None]
    filed.file_part("speed", "blocks", {"machine": machines[0], "rows": old})
    filed.check_seeds("speed", "blocks", old)
    for rows, told in ((new, "seeds 2"), (old[:2], "3 rows")):
        with pytest.raises(SystemExit, match=f"must not lose what it has, but its part blocks has {told}"):
            filed.check_seeds("speed", "blocks", rows)


@pytest.mark.parametrize("script", ["density", "density_search"])
def test_seeds_that_would_be_lost_are_refused_before_the_first_epoch(
    script: str, pages: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = importlib.import_module(script)
    trained: list[str] = []

    def train(runs: Path, *words: str) -> None:
        trained.extend(words)
        sys.exit("trained")

    monkeypatch.setattr(module, "train", train)
    words = [f"{script}.py", "--runs", str(tmp_path), "--seeds"]
    monkeypatch.setattr(sys, "argv", [*words, "0,1"])
    with pytest.raises(SystemExit, match="has seeds 2, 3, 4, and --seeds 0,1 has not"):
        module.main()
    assert not trained
    for seed in (2, 3, 4):  # trained before, which counts
        run = tmp_path / ("density" if script == "density" else "density_found") / str(seed)
        run.mkdir(parents=True)
        (run / "result.json").write_text(f'{{"seed": {seed}}}')
    with pytest.raises(SystemExit, match="trained"):
        module.main()


@pytest.mark.parametrize(
    ("script", "trains", "words", "lost"),
    [
        ("decisive", "measure", "--seeds 0,1", "seeds 2, and --seeds 0,1 has not"),
        ("decisive", "measure", "--seeds 0,1 --only free", "seeds 2, and --seeds 0,1 has not"),
        ("directed", "train", "--seeds 8", "seeds 8, 9, and --seeds 8 has not"),
        ("directed", "train", "--seeds 3 --only digits", "seeds 3, 4, and --seeds 3 has not"),
        ("parity", "train", "--seeds 1", "seeds 1, 2, and --seeds 1 has not"),
        ("path_parts", "row", "--seeds 4", "seeds 4, and --seeds 4 has not"),
        ("seeds", "measure", "--seeds 7 --layouts digits_2 --norms ln", "seeds 7, and --seeds 7 has not"),
    ],
)
def test_fewer_seeds_than_are_filed_are_refused_before_the_first_epoch(
    script: str, trains: str, words: str, lost: str, pages: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import filed

    module, trained = importlib.import_module(script), list[Any]()
    for study in set(STUDY_OF.values()):
        (tmp_path / "results" / study).mkdir(parents=True)
        shutil.copy(filed.RESULTS / study / "data.json", tmp_path / "results" / study)
    monkeypatch.setattr(filed, "RESULTS", tmp_path / "results")
    filed.file_part("speed", "parity", {"machine": {}, "rows": [{"layout": "digits_3", "seeds": 3}]})
    monkeypatch.setattr("torch.set_num_threads", lambda threads: None)
    monkeypatch.setattr(module, "keep_freed_memory", lambda: None, raising=False)

    def train(*own: Any) -> None:
        trained.append(own)
        sys.exit("trained")

    monkeypatch.setattr(module, trains, train)
    before = (tmp_path / "results" / STUDY_OF[script] / "data.json").read_text()
    monkeypatch.setattr(sys, "argv", [f"{script}.py", *words.split()])
    with pytest.raises(SystemExit, match=f"has {lost}"):
        module.main()
    assert not trained
    whole = {"--seeds": "0,1,2" if script == "decisive" else "10"}
    monkeypatch.setattr(sys, "argv", [f"{script}.py", *(word for pair in whole.items() for word in pair)])
    with pytest.raises(SystemExit, match="trained"):
        module.main()
    assert (tmp_path / "results" / STUDY_OF[script] / "data.json").read_text() == before


def test_a_run_that_breaks_off_keeps_the_filed_rows_that_it_had_not_come_to(
    pages: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`decisive` filed its first new row without the other 26."""
    import decisive
    import filed

    monkeypatch.setattr(filed, "RESULTS", tmp_path)
    means = [{"means": name, "seed": seed, "trained": 1.0} for name in decisive.MEANS for seed in (0, 1, 2)]
    filed.file_part("decisive", "decisive", {"machine": {"commit": "a1"}, "rows": means})
    measured: list[Any] = []

    def measure(config: Any) -> dict[str, Any]:
        if measured:
            sys.exit("broken off")
        measured.append(config)
        return {"trained": 2.0}

    monkeypatch.setattr(decisive, "measure", measure)
    monkeypatch.setattr("torch.set_num_threads", lambda threads: None)
    monkeypatch.setattr(sys, "argv", ["decisive.py", "--only", "penalty gate"])
    with pytest.raises(SystemExit, match="broken off"):
        decisive.main()
    rows = filed.load_study("decisive")["decisive"]["rows"]
    assert [(row["means"], row["seed"]) for row in rows] == [(row["means"], row["seed"]) for row in means]
    assert [row["trained"] for row in rows].index(2.0) == 3 and sum("measured" in row for row in rows) == 26


@pytest.mark.parametrize(
    ("script", "words", "study", "part", "keys"),
    [
        ("blocks", "--layouts M2", "speed", "blocks", ("layout",)),
        ("epochs", "--layouts M2", "speed", "epochs", ("layout",)),
        ("step_parts", "--layouts M2", "speed", "step_parts", ("layout", "model")),
        ("units", "--layouts M2", "speed", "units", ("layout",)),
        ("memory", "--models one", "memory", "mnist", ("model",)),
    ],
)
def test_a_partial_run_deletes_no_filed_row(
    script: str, words: str, study: str, part: str, keys: tuple[str, ...], pages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[str, list[dict[str, Any]]] = {}
    module = importlib.import_module(script)
    monkeypatch.setattr(module, "save", lambda study, part, config, rows: kept.update({part: rows}))
    monkeypatch.setattr(module, "show", lambda rows: None)
    monkeypatch.setattr(module, "keep_freed_memory", lambda: None, raising=False)
    monkeypatch.setattr(module, "write_images", lambda folder: None, raising=False)
    monkeypatch.setattr("torch.set_num_threads", lambda threads: None)
    monkeypatch.setattr(module, "measure", lambda *own: dict(zip(keys, own, strict=False)) | {"new": True})
    monkeypatch.setattr(sys, "argv", [f"{script}.py", *words.split()])
    module.main()
    filed = {tuple(row[key] for key in keys) for row in pages.load_study(study)[part]["rows"]}
    assert filed <= {tuple(row[key] for key in keys) for row in kept[part]}
    assert any("new" in row for row in kept[part]) and not all("new" in row for row in kept[part])


def test_tables_say_which_rows_were_measured_before(
    pages: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import filed
    import seeds

    monkeypatch.setattr(filed, "RESULTS", tmp_path)
    known = {"seeds": 8, "flops": 1, "alone / together": "2.00"}
    machines = [
        {"commit": commit, "date": date} for commit, date in (("a1", "May 1"), ("b2", "May 2"), ("c3", "May 3"))
    ]
    for machine, layouts in zip(machines, ("abcdefghi", "b", "c"), strict=True):
        rows = filed.with_filed("seeds", "seeds", [{"layout": own, "norm": "ln"} | known for own in layouts], "layout")
        filed.file_part("seeds", "seeds", {"machine": machine, "rows": rows})
    told = "Measured before: a ln, d ln, e ln, f ln, g ln, h ln, 1 more (commit a1, May 1); b ln (commit b2, May 2)."
    part = filed.load_study("seeds")["seeds"]
    section = pages.Section("Time", "seeds", "Of runs.", None)
    assert pages.render(section, {"seeds": part}, part["machine"]) == ["## Time", f"Of runs. {told}"]
    seeds.show(rows)
    assert told in " ".join(capsys.readouterr().out.split())
    sizes = {"10": {"measured": machines[0]}, "100": {"measured": machines[0]}, "1000": {}}
    growth = [{"command": command, "seconds": sizes} for command in ("report", "plan")]
    assert pages.kept(growth) == "Measured before: 10 runs, 100 runs (commit a1, May 1)."
    assert pages.kept([{"measured": machines[1], "size": 64, "word": "x"}]).startswith("Measured before: size 64 (")
    assert pages.kept([{"command": "report", "seconds": 1.0}, "a line"]) == ""


def test_other_layouts_ways_and_sizes_stay(pages: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import divergence
    import parallel
    import step_growth

    kept: dict[str, list[dict[str, Any]]] = {}
    for script in (divergence, parallel, step_growth):
        monkeypatch.setattr(script, "save", lambda study, part, config, rows: kept.update({part: rows}))
        monkeypatch.setattr(script, "show", lambda rows: None)
        monkeypatch.setattr(script, "keep_freed_memory", lambda: None, raising=False)
    monkeypatch.setattr("torch.set_num_threads", lambda threads: None)
    monkeypatch.setattr(divergence, "train", lambda config, steps, every: {"new": True})
    monkeypatch.setattr(parallel, "run", lambda words, epochs: {"wall_s": 1.0})
    monkeypatch.setattr(parallel, "summarise", lambda name, timed: {"way": name, "new": True})
    size = {"width": 32, "depth": 4, "batch": 64, "threads": 1}
    monkeypatch.setattr(step_growth, "measure", lambda varied, rounds: [{"varied": varied, "new": True} | size])
    for script, words, study in (
        (divergence, "--kinds baseline --layout C10", "divergence"),  # C15 is filed
        (parallel, "--ways parallel", "speed"),
        (step_growth, "--vary depth", "speed"),
    ):
        part = script.__name__
        monkeypatch.setattr(sys, "argv", [part, *words.split()])
        script.main()
        filed = pages.load_study(study)[part]["rows"]
        assert len(kept[part]) == len(filed) + (script is divergence)
        assert sum("new" in row for row in kept[part]) == 1


def test_sizes_of_folders_that_a_run_does_not_measure_stay_with_their_commit(
    pages: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import cost_tables
    import filed
    import folder_growth

    def measure(commit: str, sizes: str, ms: float) -> dict[str, Any]:
        """Folders in which a command takes a second and so much for each run."""
        machine = {"commit": commit, "date": "May 1"}
        monkeypatch.setattr(
            folder_growth,
            "save",
            lambda study, part, config, rows: filed.file_part(study, part, {"machine": machine, "rows": rows}),
        )
        monkeypatch.setattr(
            folder_growth, "in_turns", lambda ways, rounds, warm_up: {"report": [1 + ms / 1000 * ways] * rounds}
        )
        monkeypatch.setattr(sys, "argv", ["folder_growth.py", "--sizes", sizes])
        folder_growth.main()
        [row] = filed.load_study("speed")["folders"]["rows"]
        return row

    monkeypatch.setattr(filed, "RESULTS", tmp_path)
    monkeypatch.setattr(folder_growth, "make_runs", lambda folder, in_grids, num_runs: None)
    monkeypatch.setattr(folder_growth, "ways", lambda folder: int(folder.name))  # in_turns takes it for the ways
    first, kept = measure("a1", "10,100,1000", 2.0), {"commit": "a1", "date": "May 1"}
    assert first["runs"] == [10, 100, 1000] and not any("measured" in each for each in first["seconds"].values())
    assert first["ms_per_run"] == pytest.approx(2) and first["bend"] == pytest.approx(1)
    second = measure("b2", "1000,5000", 1.0)
    assert second["runs"] == [10, 100, 1000, 5000] and second["median_s"] == pytest.approx([1.02, 1.2, 2, 6])
    assert [each.get("measured") for each in second["seconds"].values()] == [kept, kept, None, None]
    assert second["ms_per_run"] == pytest.approx(1) and second["bend"] is None  # from 100 to 1,000 it is another build
    third = measure("c3", "5000", 9.0)
    dates = [kept, kept, kept | {"commit": "b2"}, None]
    assert [each.get("measured") for each in third["seconds"].values()] == dates
    assert third["ms_per_run"] == pytest.approx(2)  # the largest folders of one call are those of 10 and 100
    assert "5,000 runs [s]" in cost_tables.folders({"rows": [third]})
    alone = measure("d4", "10,100,1000,5000", 3.0)
    assert alone["bend"] == pytest.approx(1) and not any("measured" in each for each in alone["seconds"].values())


def test_a_partial_run_keeps_the_filed_rows_that_it_does_not_measure(
    pages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make bench` times four of the twelve baselines of results/seeds, after which the page could not be made."""
    import claims
    import gates
    import seeds

    kept: dict[str, list[dict[str, Any]]] = {}
    for script in (gates, seeds):
        monkeypatch.setattr(script, "save", lambda study, part, config, rows: kept.update({part: rows}))
        monkeypatch.setattr(script, "show", lambda rows: None)
        monkeypatch.setattr(script, "keep_freed_memory", lambda: None)
    monkeypatch.setattr("torch.set_num_threads", lambda threads: None)
    monkeypatch.setattr(gates, "measure", lambda *own: {"layout": own[0], "gate": own[1], "bypass": own[2]})
    monkeypatch.setattr(
        sys, "argv", ["gates.py", "--layouts", "C15", "--kinds", "channel/padded", "--name", "gates_c15"]
    )
    gates.main()
    assert len(kept["gates_c15"]) == len(pages.load_study("gates")["gates_c15"]["rows"])
    assert {"layout": "C15", "gate": "channel", "bypass": "padded"} in kept["gates_c15"]
    row = {"flops": 1e5, "faster": 9.0}
    monkeypatch.setattr(seeds, "measure", lambda layout, norm, *own: {"layout": layout, "norm": norm} | row)
    monkeypatch.setattr(sys, "argv", ["seeds.py", "--layouts", "digits_2", "--norms", "ln"])
    seeds.main()
    assert len(kept["seeds"]) == len(pages.load_study("seeds")["seeds"]["rows"])
    assert "to 9.00 times" in claims.seeds({"seeds": {"rows": kept["seeds"]}})
