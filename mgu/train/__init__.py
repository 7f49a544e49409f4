"""One training loop for every model and every task."""
