"""Azure Cosmos DB: accounts, regions, throughput, backups, and how many documents are where."""
