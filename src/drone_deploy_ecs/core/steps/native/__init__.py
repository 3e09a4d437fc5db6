"""A deployment by a strategy of ECS's own that shifts traffic: a rollout that is judged by its service deployment."""
