"""The forecasters that the recipe is held against."""
