"""What is missing of a study's files: runs that its history was told of, and lines of the history itself."""

from __future__ import annotations

from mgu.results.on_disk.file_names import PACK_FILE, RESULT_FILE
from mgu.search.history import History
from mgu.text.agree import agree

MOST_NAMED = 4  # runs


def describe_damage(title: str, history: History) -> list[str]:
    """Describes what is missing of a study's files.

    Args:
        title: What people call the study.
        history: Its history; of a packed one nothing is known to be missing.

    Returns:
        A sentence for each kind of what is missing.
    """
    return [*_describe_lost(title, history), *_describe_gone(title, history)]


def _describe_lost(title: str, history: History) -> list[str]:
    """Says how many trials were lost with lines of the history."""
    left, ended = len(history.order), history.num_written
    if left >= ended:
        return []
    return [
        f"{title}: {history.path.name} has lost lines, {left} of {ended} {agree(ended, 'trial', 'trials')} "
        f"{agree(left, 'is', 'are')} left in it. The command of the search goes on from there, and trains none again "
        "whose run is there."
    ]


def _describe_gone(title: str, history: History) -> list[str]:
    """Says which runs that trials were told of are not there, in their folders or in a pack."""
    experiment = history.path.parents[2]
    if history.is_packed or (experiment / PACK_FILE).exists():
        return []
    runs = {number: details["run"] for number, details in history.details.items() if "run" in details}
    is_there = {run: (experiment / run / RESULT_FILE).exists() for run in dict.fromkeys(runs.values())}
    gone = [run for run, there in is_there.items() if not there]
    if not gone:
        return []
    trials = sum(not is_there[run] for run in runs.values())
    named = ", ".join(gone[:MOST_NAMED]) + (f" and {len(gone) - MOST_NAMED} more" if len(gone) > MOST_NAMED else "")
    return [
        f"{title}: the {agree(len(gone), 'run', 'runs')} of {trials} of {len(history.order)} "
        f"{agree(len(history.order), 'trial', 'trials')} {agree(len(gone), 'is', 'are')} not there any more ({named}). "
        f"The history still has {agree(trials, 'its score', 'their scores')}, but no table of models does."
    ]
