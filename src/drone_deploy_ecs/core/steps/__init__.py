"""What a plan is made of: `step` says what every kind of step has in common, and each kind has a room of its own."""
