"""That what was issued is what was recorded, and can be made again."""
