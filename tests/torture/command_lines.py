"""Bad command lines, generated from the schema: every field with values that its rule does not allow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from mgu.config.cases import CasesConfig
from mgu.config.datasets import AdultConfig, NamedImagesConfig, TableConfig
from mgu.config.faults import GROUPS
from mgu.config.fields import models_of
from mgu.config.images import ColumnsConfig, ImagesConfig
from mgu.config.layouts import DenseLayoutConfig, FactorsLayoutConfig, LayoutConfig
from mgu.config.masked_layout import MaskedLayoutConfig
from mgu.config.nago_layout import NagoLayoutConfig
from mgu.config.prune import PruneConfig
from mgu.config.ratings import MovieLensConfig, RatingsConfig
from mgu.config.run import RunConfig
from mgu.config.tracking import MlflowConfig, TensorBoardConfig
from mgu.config.unit import DecisiveConfig, UnitConfig

# How a value is typed, and what it is in Python.
VALUES: dict[str, Any] = {
    "": "",
    "null": None,
    "true": True,
    "false": False,
    "0": 0,
    "-1": -1,
    "1": 1,
    "1.0": 1.0,
    "1.5": 1.5,
    "-0.5": -0.5,
    "1e3": 1000.0,
    "1e999": math.inf,
    "nan": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
    "0x2": "0x2",
    "'1'": "1",
    "x": "x",
    "TRUE2": "TRUE2",
    "9223372036854775808": 2**63,
    "-99999999999999999999999": -99999999999999999999999,
    "1000000000000000000000000000000": 10**30,
    "[]": [],
    "[1]": [1],
    "[x,x]": ["x", "x"],
    "[null]": [None],
    "[nan]": [math.nan],
    "{skip:nan}": {"skip": math.nan},
    "{skip:-inf}": {"skip": -math.inf},
    "{skip:1e300}": {"skip": 1e300},
    "[[1]]": [[1]],
    "{}": {},
    "{a:1}": {"a": 1},
    "{a:[nan]}": {"a": [math.nan]},
    "\u0663": "\u0663",
    "\u202eabc": "\u202eabc",
    "'a\x1b[2Jb'": "a\x1b[2Jb",
    "'a\nb'": "a\nb",
    "'a\tb'": "a\tb",
    "..": "..",
    "' '": " ",
    "a/../b": "a/../b",
    "x" * 5000: "x" * 5000,
}

TABLE = ("dataset=table", "dataset.path=table.csv", "dataset.target=y", "layout=dense_2")
IMAGES = ("dataset=images", "dataset.path=cases", "dataset.image_shape=[3,8,8]", "layout=digits_2")
CASES = ("dataset=cases", "dataset.path=cases", "dataset.image_shape=[3,8,8]", "layout=digits_2")
CONTEXTS: dict[type[BaseModel], tuple[str, ...]] = {  # how the fields of a class come to be there
    NamedImagesConfig: ("dataset=digits",),
    AdultConfig: ("dataset=adult", "layout=dense_2"),
    TableConfig: TABLE,
    CasesConfig: CASES,
    ImagesConfig: IMAGES,
    ColumnsConfig: IMAGES,
    MovieLensConfig: ("dataset=movielens", "layout=mf_32"),
    RatingsConfig: ("dataset=ratings", "dataset.path=ratings.csv", "layout=mf_32"),
    LayoutConfig: ("layout=digits_2",),
    DenseLayoutConfig: TABLE,
    MaskedLayoutConfig: ("layout=sparse_mlp",),
    NagoLayoutConfig: ("layout=nago_tiny",),
    FactorsLayoutConfig: ("dataset=movielens", "layout=mf_32"),
    UnitConfig: ("mgu=paths",),
    DecisiveConfig: ("mgu=reference",),
    TensorBoardConfig: ("tensorboard=with",),
    MlflowConfig: ("mlflow=with",),
}
MAY_BE_INFINITE = {"layout.min_layer_padding_same"}
FREE_PATHS = {"dataset.root", "dataset.path", "runs_dir", "tensorboard.dir", "mlflow.tracking_uri"}


class Field(NamedTuple):
    """A field of the configuration, and the arguments that it needs to be there."""

    key: str
    info: FieldInfo
    context: tuple[str, ...]


def fields(model: type[BaseModel] = RunConfig, prefix: str = "", context: tuple[str, ...] = ()) -> Iterator[Field]:
    """Yields every field of a configuration class, and of those that it holds."""
    for name, info in model.model_fields.items():
        yield Field(prefix + name, info, context)
        for inner in models_of(info.annotation):
            yield from fields(inner, f"{prefix}{name}.", CONTEXTS.get(inner, context))


def is_legal(field: Field, value: Any) -> bool:
    """Whether the rule of the field allows a value; numbers are finite unless that is said otherwise."""
    if field.key not in MAY_BE_INFINITE and not _is_finite(value):
        return False
    annotation: Any = (
        Annotated[field.info.annotation, *field.info.metadata] if field.info.metadata else field.info.annotation
    )
    rule: TypeAdapter[Any] = TypeAdapter(
        annotation, config=None if models_of(field.info.annotation) else ConfigDict(strict=True)
    )
    try:
        rule.validate_python(value, strict=True)
    except (ValidationError, AttributeError):
        return False
    return True


def _is_finite(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return all(_is_finite(part) for part in (value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def field_lines() -> Iterator[tuple[str, ...]]:
    """Yields command lines that set one field to a value that it must not have."""
    for field in fields():
        if field.key in GROUPS:
            continue
        for text, value in VALUES.items():
            if not is_legal(field, value):
                yield (*field.context, f"++{field.key}={text}")
    for field in fields(PruneConfig):
        for text, value in VALUES.items():
            if not is_legal(field, value) and text != "":
                yield ("prune", "run", f"{field.key}={text}")
