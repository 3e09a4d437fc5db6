"""The edge to the web: one GET at a time, for calls that don't go to AWS."""
