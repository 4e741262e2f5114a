"""AI Search's data plane: indexes, aliases, data sources, indexers, documents."""

from infra.local.azure.services.search import indexers, indexes, queries, reached, runs, seed
from infra.local.azure.services.search.service import service

__all__ = ["indexers", "indexes", "queries", "reached", "runs", "seed", "service"]
