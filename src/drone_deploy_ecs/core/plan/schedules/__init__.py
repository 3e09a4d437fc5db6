"""Schedules that follow a deployment, whichever strategy makes it."""
