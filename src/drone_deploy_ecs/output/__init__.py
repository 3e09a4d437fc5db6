"""What people and machines read of a run: lines on a terminal, a page, files, the CI system's own pages."""
