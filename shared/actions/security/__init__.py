"""What is done in a security breach."""
