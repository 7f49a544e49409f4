"""Claims and tables of results/density, from its data."""

from __future__ import annotations

from cells import Row, number, p_value, table


def claim(parts: dict[str, Row]) -> str:
    """At which depths sparse and full networks are alike, and which of them are better."""
    told = []
    for row in parts["pairs"]["rows"]:
        words = {"alike": "alike within 0.5 points", "better": "better", "worse": "worse"}
        told.append(f"{words.get(row['outcome'], row['outcome'])} at depth {row['depth']}")
    text = f"Sparse networks, against full ones with equally many active weights, are {', '.join(told)}."
    if searched := parts.get("search"):
        found, plain = _found_and_plain(searched)
        text += (
            f" The best of {searched['eligible']} networks of at most 60,000 active weights that a search tried has "
            f"{found['test_acc']:.2f} % with "
            f"{found['active_weights']:,} active weights; the full one of {plain['active_weights']:,} weights, which "
            f"needs no search, has {plain['test_acc']:.2f} %."
        )
    return text


def search(part: Row) -> str:
    """What a search found, and the full network that needs none."""
    return table(
        ["network", "hidden layers", "densities", "active weights", "test [%]", "test loss", "CPU time [s]"],
        (
            [
                name,
                f"{row['depth']} of {row['width']}",
                ", ".join(f"{density:g}" for density in _densities(row)),
                f"{row['active_weights']:,}",
                f"{row['test_acc']:.2f} ± {row['test_acc_sd']:.2f}",
                f"{row['test_loss']:.4f} ± {row['test_loss_sd']:.4f}",
                number(row["processor_s"] + cost_s, 0),
            ]
            for name, row, cost_s in zip(
                ("found", "plain"), _found_and_plain(part), (part["search_cpu_s"], 0.0), strict=True
            )
        ),
        left=3,
    )


def _found_and_plain(part: Row) -> tuple[Row, Row]:
    """Returns the two networks; the full one is that whose matrices all have density 1."""
    plain = next(row for row in part["rows"] if set(_densities(row)) == {1.0})
    return next(row for row in part["rows"] if row is not plain), plain


def _densities(row: Row) -> list[float]:
    """Returns the density of each weight matrix; a single number is that of all."""
    density = row["density"]
    return density if isinstance(density, list) else [float(density)] * (row["depth"] + 1)


def pairs(part: Row) -> str:
    """A line for each depth."""
    head = ["depth", "active weights", "width, full", "width, sparse", "full, test [%]", "sparse, test [%]"]
    head += ["difference [points]", "95 % interval", "p", "p of likeness", "sparse is", "CPU time, sparse / full"]
    return table(
        head,
        (
            [
                str(row["depth"]),
                f"{row['full']['active_weights']:,}",
                *(str(row[side]["layout.width"]) for side in ("full", "sparse")),
                *(f"{row[side]['test_acc']:.2f} ± {row[side]['test_acc_sd']:.2f}" for side in ("full", "sparse")),
                f"{100 * row['difference']:+.2f}",
                f"{100 * row['low']:+.2f} to {100 * row['high']:+.2f}",
                p_value(row["p_both"]),
                p_value(row["p_alike"]),
                row["outcome"],
                number(row["sparse"]["processor_s"] / row["full"]["processor_s"], 2),
            ]
            for row in part["rows"]
        ),
    )
