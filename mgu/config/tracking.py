"""Trackers: where they write."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from mgu.config.fields import ConfigModel


class TensorBoardConfig(ConfigModel):
    """Configures the tracking with TensorBoard, see mgu/tracking/tensorboard.py."""

    dir: str | None = Field(
        description="Folder that gets a folder for each run; null: tensorboard/ in the run's own folder."
    )


class MlflowConfig(ConfigModel):
    """Configures the tracking with MLflow, see mgu/tracking/mlflow.py."""

    tracking_uri: str | None = Field(
        description="URI of the tracking server or store; null: MLFLOW_TRACKING_URI, else mlflow.db in the runs folder."
    )

    @field_validator("tracking_uri")
    @classmethod
    def _holds_no_password(cls, uri: str | None) -> str | None:
        if uri and urlsplit(uri).password:
            raise ValueError(
                "the URI must be without a password, for it is written into result.json, but got one. "
                "Set MLFLOW_TRACKING_URI, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
            )
        return uri
