"""The routes. Each takes its answer from the frozen snapshot; none changes anything."""
