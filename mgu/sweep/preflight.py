"""What is found out of runs before the first one is trained: whether they can be, and how large their models are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mgu.config.run import RunConfig
from mgu.isolation import CHECK_ENVIRONMENT, SIZE_MODELS, Call, call
from mgu.measure.countries import check_early
from mgu.measure.estimate import ModelSize


def check_and_size(
    configs: Sequence[RunConfig],
    to_size: Sequence[RunConfig],
    threads: int | None,
    is_thorough: bool,
    *,
    on_note: Callable[[str], None],
    on_import: Callable[[], None],
) -> dict[str, ModelSize]:
    """Checks devices and data of all runs, and meanwhile sizes models, in processes of their own.

    Args:
        configs: All runs.
        to_size: Those whose models are sized.
        threads: CPU threads of runs that are configured to have no number of their own; None: torch's own number.
        is_thorough: Whether energy sensors are searched, and data read that are where they should be.
        on_note: Takes each note on the data.
        on_import: Called once if torch is still being imported.

    Returns:
        The models by the identity of the run.

    Raises:
        UserError: A run cannot be trained here.
    """
    for energy in dict.fromkeys(config.energy for config in configs):
        check_early(energy)
    with Call(SIZE_MODELS, to_size, threads, on_import=on_import) as sizing:
        call(CHECK_ENVIRONMENT, configs, is_thorough, on_event=lambda note: on_note(note.text))
        models: dict[str, ModelSize] = sizing.result()
        return models
