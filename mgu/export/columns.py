"""Columns as inputs of an ONNX graph: numbers as float64, categories and names as text, one input for each column.

torch has no text, so what it exports takes codes. The nodes that find them are put before its graph here.
"""

from __future__ import annotations

from typing import Any

from mgu.data.tables.encoding import UNSEEN
from mgu.data.tables.spellings import CategoryCodes
from mgu.results.on_disk.preprocessing import Columns, Entities, Inputs, Pairs

OUTPUTS = ("logits", "states", "prediction", "score")  # names of what graphs return
INSIDE = "mgu/"  # begins the names of values inside a graph
ML_DOMAIN, ML_VERSION = "ai.onnx.ml", 2  # the oldest version whose LabelEncoder maps any type to any other


def take_columns(model: Any, inputs: Inputs, batch: str) -> None:
    """Replaces the inputs of a graph that takes codes by one for each column; does nothing for other data.

    Args:
        model: The model of ONNX, changed in place. Its inputs are called numbers and categories, or users and items.
        inputs: What the run takes.
        batch: Name of the axis of the examples.
    """
    if not isinstance(inputs, Columns | Pairs):
        return
    from onnx import helper

    taken, nodes = _take_cells(inputs, batch) if isinstance(inputs, Columns) else _take_pairs(inputs, batch)
    graph = model.graph
    later = list(graph.node)
    _set_apart(graph)
    del graph.input[:], graph.node[:]
    graph.input.extend(taken)
    graph.node.extend([*nodes, *later])
    if any(node.domain == ML_DOMAIN for node in nodes):
        model.opset_import.append(helper.make_opsetid(ML_DOMAIN, ML_VERSION))


def input_name(column: str) -> str:
    """Returns the name of the input for a column: its own, unless an output of the graph is called so.

    Args:
        column: Name of the column.

    Returns:
        The name, with "(column)" behind it where it is one of OUTPUTS.
    """
    return f"{column} (column)" if column in OUTPUTS else column


def _set_apart(graph: Any) -> None:
    """Gives all values inside the graph names that no column has, for a column may be called add or numbers."""
    outputs = {output.name for output in graph.output}

    def inside(name: str) -> str:
        return name if not name or name in outputs else INSIDE + name

    for node in graph.node:
        node.input[:] = [inside(name) for name in node.input]
        node.output[:] = [inside(name) for name in node.output]
    for value in (*graph.initializer, *graph.value_info):
        value.name = inside(value.name)


def _take_cells(columns: Columns, batch: str) -> tuple[list[Any], list[Any]]:
    """Returns the inputs, and the nodes that make `numbers` and `categories` of them."""
    from onnx import TensorProto, helper

    taken, nodes, parts = list[Any](), [_axis_of_columns()], dict[str, list[str]](numbers=[], categories=[])
    for column in columns.numbers:
        taken.append(helper.make_tensor_value_info(input_name(column.name), TensorProto.DOUBLE, [batch]))
        parts["numbers"].append(input_name(column.name))
    for category in columns.categories:
        name, code = input_name(category.name), f"{INSIDE}code of {category.name}"
        taken.append(helper.make_tensor_value_info(name, TensorProto.STRING, [batch]))
        codes = CategoryCodes(category, columns.missing_words)
        nodes.append(_find_code(name, code, {text: codes.known[known] for text, known in codes.texts().items()}))
        parts["categories"].append(code)
    for whole, names in parts.items():
        upright = [f"{INSIDE}{name} as a column" for name in names]
        nodes += [helper.make_node("Unsqueeze", [name, AXIS], [out]) for name, out in zip(names, upright, strict=True)]
        nodes += [helper.make_node("Concat", upright, [INSIDE + whole], axis=1)] if names else []
    return taken, nodes


AXIS = f"{INSIDE}axis of columns"


def _axis_of_columns() -> Any:
    from onnx import TensorProto, helper

    return helper.make_node("Constant", [], [AXIS], value=helper.make_tensor(AXIS, TensorProto.INT64, [1], [1]))


def _take_pairs(pairs: Pairs, batch: str) -> tuple[list[Any], list[Any]]:
    """Returns the inputs, and the nodes that make `users` and `items` of them."""
    from onnx import TensorProto, helper

    taken, nodes = [], []
    for whole, entities in (("users", pairs.users), ("items", pairs.items)):
        numbers = {name: number for number, name in enumerate(entities.names)}
        numbers |= {alias: numbers[name] for alias, name in entities.aliases.items()}
        kind = TensorProto.INT64 if are_whole(entities) else TensorProto.STRING
        name = input_name(entities.column)
        taken.append(helper.make_tensor_value_info(name, kind, [batch]))
        keys = {int(key): number for key, number in numbers.items()} if are_whole(entities) else numbers
        nodes.append(_find_code(name, INSIDE + whole, keys))
    return taken, nodes


def are_whole(entities: Entities) -> bool:
    """Tells whether users or items are named by whole numbers, which ONNX then takes as int64.

    Args:
        entities: The users, or the items, of a run.

    Returns:
        Whether each name is a whole number within the range of int64; else ONNX takes text.
    """
    return entities.are_numbers and all(
        name.lstrip("-").isdigit() and abs(int(name)) < 2**63 for name in entities.names
    )


def _find_code(name: str, code: str, codes: dict[Any, int]) -> Any:
    """Returns a node that maps the cells of a column to their codes, and all others to -1."""
    from onnx import helper

    keys: dict[str, Any] = {"keys_int64s" if codes and isinstance(next(iter(codes)), int) else "keys_strings": [*codes]}
    return helper.make_node(
        "LabelEncoder",
        [name],
        [code],
        domain=ML_DOMAIN,
        values_int64s=list(codes.values()),
        default_int64=UNSEEN,
        **keys,
    )
