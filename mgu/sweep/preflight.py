"""What is found out of runs before the first one is trained: whether they can be, and how large their models are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mgu.config.run import RunConfig
from mgu.isolation import CHECK_ENVIRONMENT, SIZE_MODELS, begin, call
from mgu.measure.estimate import Model


def check_and_size(
    configs: Sequence[RunConfig],
    to_size: Sequence[RunConfig],
    reads_data: bool,
    on_note: Callable[[str], None],
    on_import: Callable[[], None],
) -> dict[str, Model]:
    """Checks devices and data of all runs, and meanwhile sizes models, in processes of their own.

    Args:
        configs: All runs.
        to_size: Those whose models are sized.
        reads_data: Whether data that are where they should be are read as well.
        on_note: Takes each note on the data.
        on_import: Called once if torch is still being imported.

    Returns:
        The models by the identity of the run.

    Raises:
        UserError: A run cannot be trained here.
    """
    with begin(SIZE_MODELS, to_size, on_import=on_import) as sizing:
        call(CHECK_ENVIRONMENT, configs, reads_data, on_event=lambda note: on_note(note.text))
        models: dict[str, Model] = sizing.result()
        return models
