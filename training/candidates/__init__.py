"""Training a model and putting it to the gates."""
