"""Actions that recover from corrupted data."""
