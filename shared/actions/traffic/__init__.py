"""What is done to the way that tenants take."""
