"""Plans that bring a broken estate back."""
