"""The requests to AWS, as values: a class for each operation."""
