"""ECS's own strategies that shift traffic: BLUE_GREEN, LINEAR and CANARY."""
