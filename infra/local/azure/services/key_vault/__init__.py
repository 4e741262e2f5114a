"""Key Vault's data plane: secrets with soft deletion, certificates, and keys that sign."""

from infra.local.azure.services.key_vault import certificates, keys, reached, secrets, seed
from infra.local.azure.services.key_vault.vault import service

__all__ = ["certificates", "keys", "reached", "secrets", "seed", "service"]
