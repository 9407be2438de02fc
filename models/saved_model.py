"""The name under which models that were registered before the house had rooms find ``read_model``.

MLflow keeps a copy of ``models.saved.pyfunc_entry`` beside each of them, and that copy imports from here.
"""

from models.saved import read_model

__all__ = ["read_model"]
