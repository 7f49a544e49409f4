"""Claims and tables of results/density, from its data."""

from __future__ import annotations

from cells import Row, number, p_value, table


def claim(parts: dict[str, Row]) -> str:
    """At which depths sparse and full networks are alike, and which of them are better."""
    told = []
    for row in parts["pairs"]["rows"]:
        words = {"alike": "alike within 0.5 points", "better": "better", "worse": "worse"}
        told.append(f"{words.get(row['outcome'], row['outcome'])} at depth {row['depth']}")
    first = parts["pairs"]["rows"][0]["full"]
    return (
        f"Sparse networks, against full ones with equally many active weights, are {', '.join(told)}. The full one of "
        f"depth 1 with {first['active_weights']:,} weights, which needs no search, has {first['test_acc']:.2f} %."
    )


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
