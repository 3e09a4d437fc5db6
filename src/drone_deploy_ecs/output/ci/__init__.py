"""The answer in the CI system's own page: the report as text for each system, and what puts it there."""
