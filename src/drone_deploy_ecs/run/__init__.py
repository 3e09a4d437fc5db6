"""What happens: the walk from request to report, the one loop, and all that is asked of AWS on the way."""
