"""What is ECS's: names, services, tasks, task definitions, limits, faults, as values."""
