"""Microsoft.CognitiveServices as far as Azure OpenAI needs it: accounts, deployments, quota, inference."""

from infra.local.azure.services.open_ai import accounts, deployments, inference, quota

SERVICES = (accounts.service, quota.service, deployments.service, inference.service)
