"""Models as files and in MLflow's registry, each checked by its hash before it is read."""
