"""What is done to container apps."""
