"""What is done every day, week or month."""
