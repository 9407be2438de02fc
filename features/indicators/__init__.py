"""Measures beside recorded crime."""
