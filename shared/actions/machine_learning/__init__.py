"""What is done to machine learning workspaces."""
