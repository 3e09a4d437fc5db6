"""Everything that decides: pure functions over frozen values. No AWS, no clock, no environment, no printing."""
