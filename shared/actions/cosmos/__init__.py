"""What is done to Cosmos DB."""
