"""Has Hydra read each file once for all jobs of a sweep."""

from __future__ import annotations

import copy
from typing import Any, Self

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.config_source import ConfigResult


class RememberingRepository(ConfigRepository):
    """Keeps what was loaded, of which each job gets a copy: overrides of a job change it in place.

    Args:
        repository: Whose sources are read.
    """

    def __init__(self, repository: ConfigRepository) -> None:
        self.sources = repository.sources
        self._loaded: dict[str, ConfigResult | None] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Returns one with the same sources: Hydra copies it for each job, which may replace them for itself."""
        return copy.copy(self)

    def initialize_sources(self, config_search_path: ConfigSearchPath) -> None:
        """Replaces the sources, so that other files are found under the same names."""
        super().initialize_sources(config_search_path)
        self._loaded = {}

    def load_config(self, config_path: str) -> ConfigResult | None:
        """Loads a file, unless it was loaded before."""
        if config_path not in self._loaded:
            self._loaded[config_path] = super().load_config(config_path)
        return copy.deepcopy(self._loaded[config_path])


def remember_files(loader: ConfigLoader) -> None:
    """Has a loader of Hydra's read each file once.

    Args:
        loader: The loader, which is changed.
    """
    if isinstance(loader, ConfigLoaderImpl) and type(loader.repository) is ConfigRepository:
        loader.repository = RememberingRepository(loader.repository)
