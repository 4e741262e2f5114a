"""What a known trouble comes from: facts gathered side by side, and what to do about them."""
