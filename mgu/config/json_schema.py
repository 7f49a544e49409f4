"""JSON schemas of configuration files, with which editors complete keys, show descriptions and mark mistakes.

A run's own config.yaml has every key. A file of conf/ or of --config-dir has any of them: it may name the files that it
varies (`defaults`), leave a value to be filled in (null, auto), and take one from elsewhere (`${...}`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from mgu.config.faults import GROUPS
from mgu.config.fields import Matches, models_of
from mgu.config.prune import PruneConfig
from mgu.config.run import RunConfig
from mgu.config.search import StudySettings

DRAFT = "http://json-schema.org/draft-07/schema#"  # which editors know best
INTERPOLATION = {"type": "string", "pattern": r"\$\{"}
DEFAULTS = {"type": "array", "description": "The files that this one varies, see https://hydra.cc."}
FREE = {"type": "object", "description": "Values of Hydra itself, such as the grids of a sweep."}
OWN_FILES = ("residual", "experiment")  # groups whose files set keys from the top
Schema = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """Writes the patterns that `Matches` validates."""

    def function_after_schema(self, schema: Any) -> Schema:
        written = super().function_after_schema(schema)
        rule = schema["function"]["function"]
        return written | ({"pattern": f"^(?:{rule.pattern})$"} if isinstance(rule, Matches) else {})


def schema_of(what: str) -> Schema:
    """Returns the JSON schema of one kind of file.

    Args:
        what: "run" for the config.yaml of a run, "prune" for conf/prune.yaml, else a group, whose files are in
            conf/<group>/.

    Returns:
        The schema as plain values.
    """
    if what == "run":
        return _headed("The configuration of a run, as in its config.yaml", _written(RunConfig))
    if what == "prune":
        return _headed("conf/prune.yaml", _written(PruneConfig))
    if what in OF_SEARCHES:
        return _headed(f"A file of the group {what}", OF_SEARCHES[what]())
    whole = _partial_run()
    definitions = whole["$defs"]
    from_top = {key: value for key, value in whole.items() if key != "$defs"} | {
        "properties": whole["properties"] | {"defaults": DEFAULTS, "hydra": FREE}
    }
    kinds = [] if what in OWN_FILES else [_with_defaults(model, definitions) for model in _models(what)]
    return _headed(f"A file of the group {what}", {"anyOf": [*kinds, from_top], "$defs": definitions})


def kinds_of_files() -> tuple[str, ...]:
    """Returns what `schema_of` has a schema of.

    Returns:
        "run", the names of all groups, and "prune".
    """
    return ("run", *GROUPS, "prune")


def _search() -> Schema:
    """Returns the schema of a strategy's file: the settings of a study, of which it may have any."""
    made: Schema = _partial(_written(StudySettings))
    return made | {"properties": made["properties"] | {"defaults": DEFAULTS}}


def _space() -> Schema:
    """Returns the schema of a space's file, whose other keys depend on its kind."""
    texts = {"kind": "How the space is built, see docs/method/search.md.", "name": "Name of the space."}
    properties = {name: {"type": "string", "description": text} for name, text in texts.items()}
    return {"type": "object", "properties": properties | {"defaults": DEFAULTS}}


OF_SEARCHES = {"search": _search, "space": _space}


def _headed(title: str, schema: Schema) -> Schema:
    return {"$schema": DRAFT, "title": title, **{key: value for key, value in schema.items() if key != "title"}}


@cache
def _partial_run() -> Schema:
    made: Schema = _partial(_written(RunConfig))
    return made


@cache
def _written(model: type[BaseModel]) -> Schema:
    return model.model_json_schema(schema_generator=_Generator)


def _models(group: str) -> list[str]:
    return [model.__name__ for model in models_of(RunConfig.model_fields[group].annotation)]


def _with_defaults(name: str, definitions: Schema) -> Schema:
    """Returns the schema of a file that has the values of one configuration class."""
    schema: Schema = definitions[name]
    return schema | {"properties": schema["properties"] | {"defaults": DEFAULTS}}


def _partial(schema: Any) -> Any:
    """Returns a schema of which no key is required, and any value may be filled in later."""
    if isinstance(schema, list):
        return [_partial(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _partial(value) for key, value in schema.items() if key not in ("required", "properties")}
    if "properties" in schema:
        made["properties"] = {name: _fillable(_partial(value)) for name, value in schema["properties"].items()}
    if "oneOf" in made:  # without the required keys, values of several kinds may fit
        made["anyOf"] = made.pop("oneOf")
    return made


def _fillable(schema: Schema) -> Schema:
    """Returns the schema of a value that may be null, come from elsewhere, or be auto where its description says so."""
    notes = {key: schema[key] for key in ("description", "default") if key in schema}
    rule = {key: value for key, value in schema.items() if key not in (*notes, "title")}
    others: list[Schema] = [{"type": "null"}, INTERPOLATION]
    if "auto" in schema.get("description", ""):
        others.append({"const": "auto"})
    if "ImportedConfig" in str(rule):  # my_pkg:Layer for {target: my_pkg:Layer}
        others.append({"type": "string"})
    return notes | {"anyOf": [rule, *others]}
