"""What an operator asks for by day: diagnosis, and what is lifted again."""
