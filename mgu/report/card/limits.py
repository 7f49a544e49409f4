"""What limits the metrics of one run."""

from __future__ import annotations

from mgu.console.text import count
from mgu.results.schema.result import Result
from mgu.results.schema.trained_by import TrainedBy, describe_changes


def describe_limits(result: Result) -> list[str]:
    """Names what limits the metrics of a run.

    Args:
        result: Its result, with metrics.

    Returns:
        The sentences.
    """
    lines = []
    if not result.test:
        lines.append(f"No test data were held out: {_selection(result)}.")
    if result.config["dataset"]["name"] == "gates":
        lines.append(f"Every row of {result.dataset} trains and validates: the scores say nothing of other data.")
    if result.solver and (unconverged := result.solver.eval_unconverged):
        lines.append(
            f"The last evaluation ended with {count(unconverged, 'batch')} above the tolerance of its iteration: the "
            "scores are of where it stopped, not of an equilibrium."
        )
    if result.is_unsettled:
        lines.append(
            f"Running statistics of batch norm kept {result.statistics_left:.0%} of their initial values: the scores "
            "are of another network than was trained, the one that is kept here. Pass training.precise_bn=4096 to "
            "compute them anew."
        )
    if result.earlier_parts:
        now = TrainedBy(epochs=0, device=result.device, versions=result.versions, git_commit=result.git_commit)
        parts = "; ".join(
            f"to epoch {part.epochs} by {describe_changes(part, now) or 'the same as at its end'}"
            for part in result.earlier_parts
        )
        lines.append(f"Its training was interrupted and continued by something else: {parts}.")
    if result.start_sha256 and result.has_own_rows:
        lines.append(
            f"{result.dataset} chooses its rows itself: whether some that judge this run have trained the weights that "
            "it started from was not checked."
        )
    return lines


def _selection(result: Result) -> str:
    """Returns what the validation data of a run without test data have decided."""
    if result.split == "all":
        return "the validation data are the training data, whose score says nothing of others"
    if result.config.get("training", {}).get("select", "best") == "best":
        return "the best epoch was chosen by the validation data"
    return (
        "the validation data score the run. They chose no epoch, for the weights of the last one were kept "
        "(training.select=last), but may have ended the training early (training.patience)"
    )
