"""What was known on a day: the only door to counts, and the arrays behind it."""
