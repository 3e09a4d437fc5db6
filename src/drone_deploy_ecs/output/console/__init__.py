"""Lines of a log, the plan on paper, and a live view on a terminal."""
