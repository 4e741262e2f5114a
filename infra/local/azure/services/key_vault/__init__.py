"""Key Vault's data plane: secrets with soft deletion, and certificates."""

from infra.local.azure.services.key_vault import certificates, reached, secrets, seed
from infra.local.azure.services.key_vault.vault import service

__all__ = ["certificates", "reached", "secrets", "seed", "service"]
