"""What became of a run, as one value, and what is said of it."""
