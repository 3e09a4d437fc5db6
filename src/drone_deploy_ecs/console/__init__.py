"""Listeners and renderers: the only place, with `cli`, that prints."""
