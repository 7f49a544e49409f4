"""Options of the user's own code that look misspelt, where `**kwargs` takes any name and may do nothing with it."""

from __future__ import annotations

from mgu.config.python import ImportedConfig
from mgu.config.run import RunConfig
from mgu.user_code.loading import describe_swallowed, find_target


def advise_options(config: RunConfig) -> list[str]:
    """Describes options that resemble a parameter of what they are passed to, and are taken for anything else.

    Of 116 optimizers of the package pytorch-optimizer 109 take `weigth_decay` and ignore it
    (findings/pytorch-optimizer-takes-options-it-does-not-have.sh).

    Args:
        config: The configuration of a run, whose own code can be imported.

    Returns:
        Messages, each with the option that may be meant.
    """
    messages = []
    for key in ("dataset", "layout", "optimizer", "schedule"):
        section = getattr(config, key)
        if isinstance(section, ImportedConfig) and section.options:
            function = find_target(f"{key}.target", section.target, section.folder, section.sha256)
            messages += describe_swallowed(key, section.target, function, section.options)
    return messages
