"""Plans: what is found → steps, or reasons to refuse; what is left when somebody interferes; and the way back."""
