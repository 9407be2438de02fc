"""Training a model and putting it to the gates."""

from training.candidates.train import Trained, train

__all__ = ["Trained", "train"]
