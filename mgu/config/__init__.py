"""The schema of a run: every value that can be configured, its rule, and the checks across values.

The YAML files in conf/ hold the values, this package the rules: plain pydantic models. It imports neither torch nor
Hydra, so that a whole sweep can be checked before anything heavy starts.
"""

from mgu.config.augment import AnyAugment, FlipCropConfig, MixupConfig, RandAugmentConfig
from mgu.config.cases import CasesConfig
from mgu.config.check import check_config
from mgu.config.datasets import (
    AddingConfig,
    AdultConfig,
    AnyDataset,
    AnyImages,
    NamedImagesConfig,
    TableConfig,
)
from mgu.config.describe import describe_values
from mgu.config.energy import EnergyConfig
from mgu.config.faults import describe_fault, hint_key, known_keys
from mgu.config.identity import NOT_IDENTITY, IdentityRule, identity_values
from mgu.config.images import ImagesConfig
from mgu.config.layouts import DenseLayoutConfig, FactorsLayoutConfig, LayoutConfig, RecurrentLayoutConfig
from mgu.config.optimizers import (
    AdamWConfig,
    MomentumConfig,
    NadamConfig,
    PathSGDConfig,
    PythonOptimizerConfig,
    SGDConfig,
)
from mgu.config.prune import PruneConfig, read_settings
from mgu.config.ratings import AnyRatings, MovieLensConfig, RatingsConfig
from mgu.config.run import NormConfig, RunConfig
from mgu.config.training import TrainingConfig
from mgu.config.unit import DecisiveConfig, UnitConfig

__all__ = [
    "NOT_IDENTITY",
    "AdamWConfig",
    "AddingConfig",
    "AdultConfig",
    "AnyAugment",
    "AnyDataset",
    "AnyImages",
    "AnyRatings",
    "CasesConfig",
    "DecisiveConfig",
    "DenseLayoutConfig",
    "EnergyConfig",
    "FactorsLayoutConfig",
    "FlipCropConfig",
    "IdentityRule",
    "ImagesConfig",
    "LayoutConfig",
    "MixupConfig",
    "MomentumConfig",
    "MovieLensConfig",
    "NadamConfig",
    "NamedImagesConfig",
    "NormConfig",
    "PathSGDConfig",
    "PruneConfig",
    "PythonOptimizerConfig",
    "RandAugmentConfig",
    "RatingsConfig",
    "RecurrentLayoutConfig",
    "RunConfig",
    "SGDConfig",
    "TableConfig",
    "TrainingConfig",
    "UnitConfig",
    "check_config",
    "describe_fault",
    "describe_values",
    "hint_key",
    "identity_values",
    "known_keys",
    "read_settings",
]
