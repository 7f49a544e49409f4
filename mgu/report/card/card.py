"""The text of a model card, in Markdown with the front matter of the Hugging Face Hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mgu.console.text import describe_s
from mgu.report.card.interval import Interval, over_groups, wilson
from mgu.report.card.limits import describe_limits
from mgu.report.classes import ModelClasses
from mgu.report.formats.class_tables import class_table
from mgu.report.formats.markdown import escape, table_lines
from mgu.report.ranking.class_scores import name_examples, score_classes
from mgu.results.compare.axes import call_lean
from mgu.results.on_disk.correct import read_correct
from mgu.results.on_disk.file_names import PREPROCESSING_FILE, WEIGHTS_FILE
from mgu.results.on_disk.preprocessing import Classes, Columns, Pairs, Preprocessing, decode_preprocessing
from mgu.results.schema.energy import Component, Energy, describe_method
from mgu.results.schema.metrics import MOST_CLASSES, Metrics
from mgu.results.schema.parts import JOULES_PER_KWH
from mgu.results.schema.result import Result
from mgu.tasks.score import is_percent

NOT_SHOWN = ("confusion", "case_confusion", "class_auc", "class_ap", "loss")
GENERATED = ("adding", "gates")  # no files: the keys of `dataset` say all of them


def to_card(folder: Path, result: Result) -> str:
    """Writes the model card of a run.

    Args:
        folder: The run's folder.
        result: Its result.

    Returns:
        The card: every number and name is of the run's files; intended use is left to the author.
    """
    sections = {
        "Model": _model(result),
        "Data": _data(folder, result),
        "Metrics": _metrics(folder, result),
        "Classes": _classes(result),
        "Cost": _cost(result),
        "Environment": _environment(result),
        "Files (SHA-256)": _files(result),
    }
    lines = [*_front_matter(result), "", f"# {escape(call_lean(result.name))}", ""]
    for title, section_lines in sections.items():
        if not section_lines:
            continue
        lines += [f"## {title}", "", *section_lines, ""]
    if result.best_epoch is not None:  # else there are no weights
        lines += ["## Use", "", "```sh", f"mgu-run predict {folder.name} FILES", "```", ""]
    lines += ["## Intended use", "", "<!-- The author of the model writes this section. -->", ""]
    return "\n".join(lines)


def _front_matter(result: Result) -> list[str]:
    """Returns metadata as the Hub reads them, https://huggingface.co/docs/hub/model-cards; values are in JSON."""
    about: dict[str, Any] = {
        "library_name": "mgu",
        "tags": [result.task, result.model],
        "metrics": [result.score.metric],
    }
    scored = result.test or result.val
    if scored and (value := scored.of(result.score)) is not None:
        split = "test" if result.test else "validation"
        about["model-index"] = [
            {
                "name": call_lean(result.name),
                "results": [
                    {
                        "task": {"type": result.task},
                        "dataset": {"name": result.dataset, "type": result.config["dataset"]["name"], "split": split},
                        "metrics": [{"type": result.score.metric, "value": value}],
                    }
                ],
            }
        ]
    if result.energy and result.energy.emissions_kg is not None:
        about["co2_eq_emissions"] = {
            "emissions": 1000 * result.energy.emissions_kg,  # in grams, as the Hub has them
            "source": f"estimated, carbon intensity by {result.energy.intensity_by or 'codecarbon'}",
            "geographical_location": result.energy.place,
            "hardware_used": result.device,
        }
    return ["---", *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in about.items()), "---"]


def _model(result: Result) -> list[str]:
    """Returns the table of the model, its size and its training."""
    config = result.config
    block = "unit with other paths" if config.get("mgu") else "network with Multi Gated Units"
    kind = {"baseline": "baseline of the grid", "unit": "Multi Gated Unit", "block": block}
    rows = {
        "kind": kind[result.kind],
        "layout": result.layout,
        "normalisation": result.shown_norm,
        "residual": {None: None, True: "yes", False: "no"}[result.shown_residual],
        "trainable parameters": _count(result.params_trainable),
        "parameters with running statistics": _count(result.params_keras),
        "FLOPs of one example": _count(result.flops_per_sample),
        "task": result.task,
        "starts from": f"trained weights, SHA-256 {result.start_sha256}" if result.start_sha256 else None,
        "optimizer": config.get("optimizer", {}).get("name", "nadam"),
        "epochs": f"{result.epochs} trained, {_weights(result)}",
        "seed": str(result.seed),
        "identity": result.identity,
    }
    return _two_columns(rows)


def _weights(result: Result) -> str:
    return "no weights kept" if result.best_epoch is None else f"weights of epoch {result.best_epoch}"


def _data(folder: Path, result: Result) -> list[str]:
    dataset = result.config["dataset"]
    rows = {
        "data set": result.dataset,
        "split": result.shown_split,
        "SHA-256": dataset.get("sha256") or _origin(dataset["name"]),
        **_inputs(folder, result),
    }
    return _two_columns(rows)


def _origin(name: str) -> str:
    """Returns where data without a checksum come from."""
    if name in GENERATED:
        return "generated by the package, from the configuration alone"
    return "published set, known by its name"


def _inputs(folder: Path, result: Result) -> dict[str, str | None]:
    """Returns what goes in and what comes out, as far as the run has recorded it."""
    try:
        preprocessing: Preprocessing = decode_preprocessing((folder / PREPROCESSING_FILE).read_bytes())
    except (OSError, ValueError):
        return {"classes": _count(result.num_classes)}
    inputs, rows = preprocessing.inputs, dict[str, str | None]()
    if isinstance(inputs, Columns):
        rows["columns"] = ", ".join(inputs.names)
    elif isinstance(inputs, Pairs):
        rows["users, items"] = f"{len(inputs.users.names):,}, {len(inputs.items.names):,}"
    else:
        rows["input"] = " x ".join(map(str, inputs.shape))
    if isinstance(preprocessing.outputs, Classes):
        names = [str(name) for name in preprocessing.outputs.names]
        shown = names if len(names) <= MOST_CLASSES else [*names[:MOST_CLASSES], "..."]
        rows["classes"] = ", ".join(shown)
    return rows


def _metrics(folder: Path, result: Result) -> list[str]:
    """Returns the table of the metrics, the interval of the accuracy, and what to know of these data.

    Of a run without metrics, which diverged or failed: why it has none.
    """
    splits = {"training": result.train, "validation": result.val, "test": result.test}
    columns = {name: metrics for name, metrics in splits.items() if metrics}
    if not columns:
        why = {"diverged": "diverged in its first epoch: it has", "failed": "failed: it has"}.get(result.status, "has")
        return [f"The run {why} no metrics."]
    names = [name for name in Metrics.__struct_fields__ if name not in NOT_SHOWN]
    rows = [
        [name, *(_metric(name, getattr(metrics, name)) for metrics in columns.values())]
        for name in names
        if any(getattr(metrics, name) is not None for metrics in columns.values())
    ]
    lines = table_lines(["metric", *columns], [True, *[False] * len(columns)], rows)
    for sentence in [*_describe_interval(folder, result), *describe_limits(result)]:
        lines += ["", sentence]
    return lines


def _classes(result: Result) -> list[str]:
    """Returns the table of the classes, worst first; nothing of a run without a confusion matrix."""
    runs, classes = score_classes([result])
    if not runs:
        return []
    table = class_table(ModelClasses(result.name, name_examples(result), runs, runs, classes[:MOST_CLASSES]))
    left = [index in table.left for index in range(len(table.columns))]
    counted = f"By the {name_examples(result)}, worst F1 first."
    lines = [counted, "", *table_lines(table.columns, left, [[text for text, _ in row] for row in table.rows])]
    if (others := len(classes) - MOST_CLASSES) > 0:
        lines += ["", f"... and {others} more of {len(classes)} classes, whose F1 is no lower."]
    return lines


def _describe_interval(folder: Path, result: Result) -> list[str]:
    """Tells the interval of the accuracy on test data, or on validation data where there are no others."""
    skipped: list[str] = []
    correct = read_correct(folder, result.files, skipped=skipped) if result.task == "classification" else None
    if not correct:
        return [f"The accuracy has no interval: {Path(line).name}." for line in skipped]
    count, bits, sizes = correct
    split = "test" if result.test else "validation"
    if result.has_grouped_rows and not sizes:
        return [
            f"The {split} accuracy has no interval: rows of one group resemble each other, and this run of an earlier "
            "version has not kept the groups. Train it again with force=true."
        ]
    right = np.unpackbits(np.frombuffer(bits, np.uint8), count=count).astype(bool)
    interval: Interval | None = wilson(int(right.sum()), count, f"{split} examples")
    if max(sizes, default=1) > 1:
        interval = over_groups(right, sizes, f"{split} {'rows' if result.has_grouped_rows else 'images'}")
    if not interval:
        return []
    return [
        f"95 % interval of the {split} accuracy: {interval.low:.2%} to {interval.high:.2%} ({interval.method}). It is "
        "of this one run: other seeds are not in it."
    ]


def _cost(result: Result) -> list[str]:
    """Returns the table of time, energy and CO2-equivalent, each measured or estimated."""
    rows: dict[str, str | None] = {}
    if result.seconds:
        rows["time to solution"] = f"{describe_s(result.seconds.to_solution)} of wall-clock time"
        rows["of which training"] = describe_s(result.seconds.train)
    if result.cpu_s is not None:
        rows["processor time"] = f"{describe_s(result.cpu_s)}, measured"
    if result.energy:
        energy = result.energy
        for name, part in (("cpu", "CPU"), ("gpu", "GPU"), ("ram", "memory")):
            component: Component = getattr(energy, name)
            if name in energy.unread and name != "gpu":
                rows[f"energy, {part}"] = "not known: the run was too short for a reading"
            elif component.kwh or part != "GPU":
                joules = component.kwh * JOULES_PER_KWH
                rows[f"energy, {part}"] = f"{joules:.4g} J ({describe_method(component.method)})"
        if energy.unread and energy.emissions_kg == 0:
            rows["CO2-equivalent"] = "not known, as the energy"
        elif energy.emissions_kg is None:
            rows["CO2-equivalent"] = _no_emissions(energy, result.resumed)
        else:
            rows["CO2-equivalent"] = f"{1000 * energy.emissions_kg:.3g} g, estimated by the place's carbon intensity"
            rows["place"] = energy.place
    else:
        rows["energy"] = "not measured"
    notes = []
    if result.contended:
        notes.append("another run shared the machine meanwhile")
    if result.start_sha256:
        notes.append("training the weights that it started from is not included")
    return _two_columns(rows | {"note": "; ".join(notes) or None})


def _no_emissions(energy: Energy, resumed: int) -> str:
    """Returns why there are no emissions; of an interrupted run's place, the last part's is known."""
    if energy.differs_in_place:
        return "not claimed, for the run was stopped and continued, and not all of its parts were trained at one place"
    parts = " in all parts of the run" if resumed else ""
    return f"not claimed, for energy.country was not set{parts}"


def _environment(result: Result) -> list[str]:
    return _two_columns({"device": result.device, **result.versions, "commit": result.git_commit})


def _files(result: Result) -> list[str]:
    def is_shown(name: str) -> bool:
        return name.startswith(WEIGHTS_FILE[:7]) or name == PREPROCESSING_FILE

    return _two_columns({name: digest for name, digest in result.files.items() if is_shown(name)})


def _two_columns(rows: Mapping[str, str | None]) -> list[str]:
    """Returns a table of what is known; no lines where nothing is."""
    known = [[key, value] for key, value in rows.items() if value is not None]
    return table_lines(["", ""], [True, True], known) if known else []


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _metric(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2%}" if is_percent(name) else f"{value:.4g}"
