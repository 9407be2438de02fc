"""Runs in MLflow: tracked, listed, compared."""
