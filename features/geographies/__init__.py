"""Areas: their codes, boundaries, attributes and neighbours."""
