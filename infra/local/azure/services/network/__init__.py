"""Names and ways: DNS zones, Traffic Manager, resolvers that cache."""
