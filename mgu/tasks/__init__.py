"""A task is a loss, its metrics, and which way is better; one training loop serves them all."""
