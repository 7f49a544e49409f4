"""The text of a model card, in Markdown with the front matter of the Hugging Face Hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mgu.console.text import describe_s
from mgu.report.card.interval import Interval, over_groups, wilson
from mgu.report.formats.markdown import escape, table_lines
from mgu.results.correct import read_correct
from mgu.results.file_names import PREPROCESSING_FILE, WEIGHTS_FILE
from mgu.results.parts import JOULES_PER_KWH
from mgu.results.preprocessing import Classes, Columns, Pairs, Preprocessing, decode_preprocessing
from mgu.results.result import Metrics, Result, describe_method

NOT_SHOWN = ("confusion", "case_confusion", "loss")
SHARES = ("accuracy", "precision", "recall", "macro_f1")  # and those of cases: fractions of one
MOST_CLASSES = 100


def to_card(folder: Path, result: Result) -> str:
    """Writes the model card of a run.

    Args:
        folder: The run's folder.
        result: Its result.

    Returns:
        The card: every number and name is of the run's files; intended use is left to the author.
    """
    interval = _interval(folder, result)
    sections = {
        "Model": _model(result),
        "Data": _data(folder, result),
        "Metrics": _metrics(result, interval),
        "Cost": _cost(result),
        "Environment": _environment(result),
        "Files (SHA-256)": _files(result),
    }
    lines = [*_front_matter(result), "", f"# {escape(result.name)}", ""]
    for title, own in sections.items():
        lines += [f"## {title}", "", *own, ""]
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
                "name": result.name,
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
    kind = {"baseline": "baseline of the grid", "unit": "Multi Gated Unit", "block": "unit with other paths"}
    config = result.config
    rows = {
        "kind": kind[result.kind],
        "layout": result.layout,
        "normalisation": result.norm,
        "residual": None if result.residual is None else "yes" if result.residual else "no",
        "trainable parameters": _count(result.params_trainable),
        "parameters with running statistics": _count(result.params_keras),
        "FLOPs of one example": _count(result.flops_per_sample),
        "task": result.task,
        "starts from": f"trained weights, SHA-256 {result.start_sha256}" if result.start_sha256 else None,
        "optimizer": config.get("optimizer", {}).get("name", "nadam"),
        "epochs": f"{result.epochs} trained, weights of epoch {result.best_epoch}",
        "seed": str(result.seed),
        "identity": result.identity,
    }
    return _two_columns(rows)


def _data(folder: Path, result: Result) -> list[str]:
    dataset = result.config["dataset"]
    rows = {
        "data set": result.dataset,
        "split": result.split,
        "SHA-256": dataset["sha256"] if dataset.get("sha256") else "published set, known by its name",
        **_inputs(folder, result),
    }
    return _two_columns(rows)


def _inputs(folder: Path, result: Result) -> dict[str, str | None]:
    """Returns what goes in and what comes out, as far as the run has recorded it."""
    try:
        found: Preprocessing = decode_preprocessing((folder / PREPROCESSING_FILE).read_bytes())
    except (OSError, ValueError):
        return {"classes": _count(result.num_classes)}
    inputs, rows = found.inputs, dict[str, str | None]()
    if isinstance(inputs, Columns):
        rows["columns"] = ", ".join(inputs.names)
    elif isinstance(inputs, Pairs):
        rows["users, items"] = f"{len(inputs.users.names):,}, {len(inputs.items.names):,}"
    else:
        rows["input"] = " x ".join(map(str, inputs.shape))
    if isinstance(found.outputs, Classes):
        names = [str(name) for name in found.outputs.names]
        rows["classes"] = ", ".join(names[:MOST_CLASSES]) + ", ..." * (len(names) > MOST_CLASSES)
    return rows


def _metrics(result: Result, interval: Interval | None) -> list[str]:
    splits = {"training": result.train, "validation": result.val, "test": result.test}
    columns = {name: own for name, own in splits.items() if own}
    names = [name for name in Metrics.__struct_fields__ if name not in NOT_SHOWN]
    rows = [
        [name, *(_metric(name, getattr(own, name)) for own in columns.values())]
        for name in names
        if any(getattr(own, name) is not None for own in columns.values())
    ]
    lines = table_lines(["metric", *columns], [True, *[False] * len(columns)], rows)
    if interval:
        whole = "test" if result.test else "validation"
        lines += [
            "",
            f"95 % interval of the {whole} accuracy: {interval.low:.2%} to {interval.high:.2%} ({interval.method}). It "
            "is of this one run: other seeds are not in it.",
        ]
    if not result.test:
        lines += ["", "No test data were held out: the best epoch was chosen by the validation data."]
    if result.start_sha256 and result.has_own_rows:
        lines += ["", f"{result.dataset} chooses its rows itself: whether some that judge this run have trained the "
                      "weights that it started from was not checked."]  # fmt: skip
    return lines


def _interval(folder: Path, result: Result) -> Interval | None:
    """Returns the interval of the accuracy on test data, or on validation data where there are no others."""
    found = read_correct(folder, result.files) if result.task == "classification" else None
    if not found:
        return None
    count, bits, sizes = found
    right = np.unpackbits(np.frombuffer(bits, np.uint8), count=count).astype(bool)
    split = "test" if result.test else "validation"
    if sizes:
        return over_groups(right, sizes, f"{split} images")
    return wilson(int(right.sum()), count, f"{split} examples")


def _cost(result: Result) -> list[str]:
    rows: dict[str, str | None] = {}
    if result.seconds:
        rows["time to solution"] = f"{describe_s(result.seconds.to_solution)} of wall-clock time"
        rows["of which training"] = describe_s(result.seconds.train)
    if result.cpu_s is not None:
        rows["processor time"] = f"{describe_s(result.cpu_s)}, measured"
    if result.energy:
        energy = result.energy
        for part, own in (("CPU", energy.cpu), ("GPU", energy.gpu), ("memory", energy.ram)):
            if own.kwh or part != "GPU":
                rows[f"energy, {part}"] = f"{own.kwh * JOULES_PER_KWH:.4g} J ({describe_method(own.method)})"
        if energy.emissions_kg is None:
            rows["CO2-equivalent"] = "not claimed, for energy.country was not set"
        else:
            rows["CO2-equivalent"] = f"{1000 * energy.emissions_kg:.3g} g, estimated by the place's carbon intensity"
            rows["place"] = energy.place
    else:
        rows["energy"] = "not measured"
    notes = ["another run shared the machine meanwhile"] * bool(result.contended)
    notes += ["training the weights that it started from is not included"] * bool(result.start_sha256)
    return _two_columns(rows | {"note": "; ".join(notes) or None})


def _environment(result: Result) -> list[str]:
    return _two_columns({"device": result.device, **result.versions, "commit": result.git_commit})


def _files(result: Result) -> list[str]:
    return _two_columns({name: own for name, own in result.files.items() if name.startswith(WEIGHTS_FILE[:7])
                         or name == PREPROCESSING_FILE})  # fmt: skip


def _two_columns(rows: Mapping[str, str | None]) -> list[str]:
    """Returns a table of what is known."""
    known = [[key, value] for key, value in rows.items() if value is not None]
    return table_lines(["", ""], [True, True], known)


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _metric(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2%}" if name.removeprefix("case_") in SHARES else f"{value:.4g}"
