"""Turns features into predictive distributions; saves, loads and registers models."""

from models import registry
from models.reasons import Reasons
from models.registry import RegisteredModel
from models.saved_model import SavedModel, load_saved_model, save_model

__all__ = ["Reasons", "RegisteredModel", "SavedModel", "load_saved_model", "registry", "save_model"]
