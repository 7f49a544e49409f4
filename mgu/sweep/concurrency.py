"""How many runs a sweep trains at once, and with how many threads each: `parallel`, resolved on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from mgu.config.run import RunConfig
from mgu.console.text import count
from mgu.errors import UserError
from mgu.machine import count_cores


class Concurrency(NamedTuple):
    """Holds how many runs are trained at once.

    Attributes:
        number: Largest number of child processes that train.
        threads: CPU threads of a run that is configured to have no number of its own; None: torch's own number.
    """

    number: int = 1
    threads: int | None = None

    def on(self, devices: Iterable[str], configs: Sequence[RunConfig]) -> Concurrency:
        """Returns the same for runs on these devices: a GPU has one run at a time unless a number is given.

        Args:
            devices: Descriptions of the devices that train.
            configs: Configurations of the runs.
        """
        is_on_gpu = any(device.startswith("cuda") for device in devices)
        return Concurrency() if is_on_gpu and read_parallel(configs) == "auto" else self

    def describe(self, configs: Sequence[RunConfig]) -> list[str]:
        """Describes what is unlike a sweep of one run after the other, in lines.

        Args:
            configs: Configurations of the runs to train.
        """
        number = min(self.number, len(configs))
        if number <= 1:
            return []
        is_divided = any(config.threads is None for config in configs)
        threads = (
            f", each on {count(self.threads or 1, 'thread')} (threads=N sets another number)" if is_divided else ""
        )
        return [
            f"training up to {count(number, 'run')} at once{threads}, the longest first; times and energy "
            "of those that overlap are marked as contended"
        ]


def read_parallel(configs: Sequence[RunConfig]) -> int | Literal["auto"]:
    """Returns the value of `parallel`, which all runs share.

    Args:
        configs: Configurations of all runs of a sweep.

    Returns:
        How many runs are trained at once, or "auto".

    Raises:
        UserError: They differ in it.
    """
    values = list(dict.fromkeys(config.parallel for config in configs))
    if len(values) > 1:
        raise UserError(
            f"parallel must be the same for all runs of a sweep, but got {', '.join(map(str, values))}. Pass one value."
        )
    return values[0]


def find_concurrency(configs: Sequence[RunConfig]) -> Concurrency:
    """Finds how many runs this machine's cores allow at once.

    Args:
        configs: Configurations of all runs of a sweep.

    Returns:
        As many as `parallel` says; for `auto` as many as there are cores for. Runs without a number of threads of
        their own share the cores equally.

    Raises:
        UserError: The runs differ in `parallel`.
    """
    parallel, cores = read_parallel(configs), count_cores()
    threads = max(config.threads or 1 for config in configs)
    number = max(cores // threads, 1) if parallel == "auto" else parallel
    return Concurrency(number, max(cores // number, 1)) if number > 1 else Concurrency()


def check_launcher(name: str, parallel: int | Literal["auto"], is_search: bool = False) -> None:
    """Checks that a launcher other than Hydra's own has no `parallel` beside it.

    Args:
        name: As in hydra/launcher=NAME.
        parallel: Of the runs.
        is_search: Whether it launches workers of a search, whose number the search says.

    Raises:
        UserError: It has; it chooses itself how many runs there are at once.
    """
    if name == "basic" or parallel == 1:
        return
    advice = f", or pass hydra.launcher.n_jobs={-1 if parallel == 'auto' else parallel}" if name == "joblib" else ""
    if is_search:
        advice = f", and pass search.workers={count_cores() if parallel == 'auto' else parallel}"
    chooses = "which works by search.workers" if is_search else "which itself chooses how many runs there are at once"
    raise UserError(
        f"parallel must be 1 with hydra/launcher={name}, {chooses}, but got {parallel}. Leave parallel out{advice}."
    )
