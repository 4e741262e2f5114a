"""What is done to storage accounts and their blobs."""
