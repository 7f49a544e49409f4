"""Logging to TensorBoard and to MLflow, each off unless asked for: tensorboard=with, mlflow=with.

trackers.py combines those that are on, values.py names what they log; tensorboard.py and mlflow.py each are one
tracker, mlflow_store.py makes the latter's local database.
They run in the parent process, so that their work is not measured, and import their packages only if they are on.
"""
