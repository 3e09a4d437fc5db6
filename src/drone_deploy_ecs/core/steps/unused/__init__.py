"""Deregister a family's old revisions that nothing uses: all that may use one is read before."""
