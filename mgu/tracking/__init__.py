"""Logging to TensorBoard and to MLflow, each off unless asked for: tensorboard=with, mlflow=with."""
