"""Images of the user's own: a folder by class, a folder that is split already, or a table of images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mgu.config.fields import ConfigModel
from mgu.config.identity import NOT_IDENTITY
from mgu.config.image_files import ImageFilesConfig

ColumnName = Annotated[str, Field(min_length=1)] | None


class ColumnsConfig(ConfigModel):
    """Names the columns of a table of images; null: the column of a usual name, see mgu/data/own_images/columns.py."""

    image: ColumnName = Field(None, description="Column of the path of an image, absolute or relative to the table.")
    label: ColumnName = Field(None, description="Column of the class of an image.")
    group: ColumnName = Field(None, description="Column of what must not be divided among splits, such as a patient.")
    split: ColumnName = Field(None, description="Column that says train, val or test.")


class ImagesConfig(ImageFilesConfig):
    """Configures images of the user's own; see mgu/data/own_images/load.py."""

    name: Literal["images"] = Field(description="Kind of the data.")
    path: Annotated[str, NOT_IDENTITY] = Field(
        min_length=1,
        description="A folder of CLASS/IMAGE or of train|val|test/CLASS/IMAGE, or a CSV or Parquet file; must be set.",
    )
    columns: Annotated[ColumnsConfig, NOT_IDENTITY] = Field(
        default_factory=ColumnsConfig, description="The columns of a table of images."
    )
    groups: Annotated[Annotated[str, Field(min_length=1)] | None, NOT_IDENTITY] = Field(
        None, description="Regular expression on the path below the folder, or a column: what must not be divided."
    )
