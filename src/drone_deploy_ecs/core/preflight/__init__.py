"""What can be known before the first write of how a deployment will end: checks, each a small value."""
