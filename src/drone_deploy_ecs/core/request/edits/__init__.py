"""What is to change in a task definition: each edit a value that makes one body (plain JSON) of another."""
