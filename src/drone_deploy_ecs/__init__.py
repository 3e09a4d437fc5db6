"""Puts a new image on a running ECS service and says truthfully whether it serves."""

__version__ = "0.1.0"
