"""What is looked at before and after, without touching anything."""
