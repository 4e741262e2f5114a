"""What is done to Key Vault."""
