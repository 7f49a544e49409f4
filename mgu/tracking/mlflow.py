"""A run in MLflow: parameters, its history and result as metrics, on a server or in a local database.

Through MlflowClient, not the fluent functions: those keep the active run in a global and ask git about it.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mgu.config.run import RunConfig
from mgu.results.files import replacing
from mgu.results.result import HISTORY_FILE, Result
from mgu.tracking.values import history_metrics, hyperparameters, result_metrics

if TYPE_CHECKING:
    from mlflow.entities import Run

# Kept in the run's folder, for by a tag one would find a colleague's run of the same configuration on a shared server.
RUN_ID_FILE = "mlflow_run_id.txt"
DEFAULTS = {  # where the user's environment says nothing
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # it would print two lines amid the runs of a sweep
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # s; MLflow's own patience, 120 s and 7 retries, would hold up a sweep
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_ALLOW_FILE_STORE": "true",  # a plain folder, given as the URI, is what the user wants
}
STATUS = {"ok": "FINISHED", "diverged": "FINISHED", "failed": "FAILED"}  # of diverged runs, the tag mgu.status tells


class MlflowTracker:
    """Logs to one MLflow run; a run that goes on finds it by the id in its folder."""

    def __init__(self, config: RunConfig, folder: Path) -> None:
        self.config, self.folder = config, folder
        self._run_id: str | None = None
        self._logged_epochs = 0  # of the MLflow run that is continued
        self._is_finished = False

    @property
    def uri(self) -> str:
        """Of the configuration, else MLFLOW_TRACKING_URI, else of a database in the runs folder."""
        assert self.config.mlflow
        database = self.folder.parents[1].absolute() / "mlflow.db"
        return self.config.mlflow.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{database}"

    def __enter__(self) -> Self:
        """Import, connect, find or make the experiment: seconds that are not to fall into what is measured."""
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        from mlflow.tracking import MlflowClient

        self.folder.parents[1].mkdir(parents=True, exist_ok=True)
        self._client = MlflowClient(tracking_uri=self.uri)
        self._experiment_id = self._find_experiment()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._run_id and not self._is_finished:  # interrupted: a later call may go on with it
            self._client.set_terminated(self._run_id, "KILLED")

    def epoch(self, row: dict[str, float]) -> None:
        """One row of history.csv; the first one says whether this run is told anew."""
        epoch = int(row["epoch"])
        if not self._run_id:
            self._begin(goes_on=epoch > 1)
        if epoch > self._logged_epochs:
            self._log(history_metrics(row), step=epoch)

    def finish(self, result: Result) -> None:
        """What came out, at the last epoch, and the end of the MLflow run."""
        if not self._run_id:  # no epoch came: this run failed early, or had only its last evaluation to do
            self._begin(goes_on=(self.folder / HISTORY_FILE).exists())
        assert self._run_id
        tags = {"status": result.status, "error": result.error, "device": result.device, "commit": result.git_commit}
        self._log(result_metrics(result), step=result.epochs, tags=tags)
        self._client.set_terminated(self._run_id, STATUS[result.status])
        self._is_finished = True

    def _find_experiment(self) -> str:
        from mlflow.exceptions import MlflowException

        name = self.config.experiment_name
        if not (experiment := self._client.get_experiment_by_name(name)):
            try:
                return self._client.create_experiment(name)
            except MlflowException:  # another process was quicker
                experiment = self._client.get_experiment_by_name(name)
                if not experiment:
                    raise
        return str(experiment.experiment_id)

    def _begin(self, goes_on: bool) -> None:
        """Go on with the MLflow run of this folder, or close it and make another."""
        earlier = self._find_earlier()
        if earlier and goes_on:
            self._run_id = earlier.info.run_id
            self._client.update_run(self._run_id, status="RUNNING")
            self._logged_epochs = self._count_epochs(earlier)
            return
        if earlier and earlier.info.status == "RUNNING":  # its process was killed and could not say so
            self._client.set_terminated(earlier.info.run_id, "KILLED")
        self._run_id = self._create_run()
        with replacing(self.folder / RUN_ID_FILE) as temporary:
            temporary.write_text(self._run_id)

    def _find_earlier(self) -> Run | None:
        """The MLflow run of this folder, unless it was never made, was deleted, or lies on another server."""
        from mlflow.exceptions import MlflowException

        try:
            run = self._client.get_run((self.folder / RUN_ID_FILE).read_text())
        except FileNotFoundError:
            return None
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        return run if run.info.lifecycle_stage == "active" else None

    def _count_epochs(self, run: Run) -> int:
        name = next((name for name in run.data.metrics if name.startswith("history/")), None)
        if not name:
            return 0
        return max(int(metric.step) for metric in self._client.get_metric_history(run.info.run_id, name))

    def _create_run(self) -> str:
        from mlflow.entities import Param

        tags = {"mgu.identity": self.config.identity, "mgu.folder": self.folder.name}
        run = self._client.create_run(self._experiment_id, run_name=self.config.name, tags=tags)
        params = [Param(name, str(value)) for name, value in hyperparameters(self.config).items()]
        self._client.log_batch(run.info.run_id, params=params)
        return str(run.info.run_id)

    def _log(self, values: dict[str, float], step: int, tags: dict[str, str | None] | None = None) -> None:
        from mlflow.entities import Metric, RunTag

        assert self._run_id
        now_ms = int(time.time() * 1000)
        # Its databases know nan but turn inf into 1.8e308, which would flatten every chart.
        finite = {name: value if math.isfinite(value) else math.nan for name, value in values.items()}
        metrics = [Metric(name, value, now_ms, step) for name, value in finite.items()]
        run_tags = [RunTag(f"mgu.{name}", value) for name, value in (tags or {}).items() if value is not None]
        self._client.log_batch(self._run_id, metrics=metrics, tags=run_tags)
