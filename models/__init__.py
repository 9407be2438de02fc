"""Turns features into predictive distributions; saves, loads and registers models."""

from models.recipe.reasons import Reasons
from models.saved import registry
from models.saved.registry import RegisteredModel
from models.saved.saved_model import SavedModel, load_saved_model, save_model

__all__ = ["Reasons", "RegisteredModel", "SavedModel", "load_saved_model", "registry", "save_model"]
