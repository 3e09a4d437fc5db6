"""What is asked: the settings, resolved and proven good, as one value."""
