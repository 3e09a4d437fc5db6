"""Ask the new version itself whether it serves."""
