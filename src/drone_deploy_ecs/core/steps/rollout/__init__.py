"""A service's rollout: pointing it at a revision, and following that deployment to its verdict."""
