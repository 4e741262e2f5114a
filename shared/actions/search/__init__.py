"""What is done to AI Search."""
