"""The recipe: the city's total times each area's share of it."""
