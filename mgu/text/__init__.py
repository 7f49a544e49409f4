"""Words in messages: the nearest legal name, quoting for Hydra and a shell, and what may be shown on a terminal."""
