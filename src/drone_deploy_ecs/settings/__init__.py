"""What may be set: variables and flags, resolved and proven good, as a request."""
