"""Alert rules over what this world measures and logs, and the action groups that they call."""

from infra.local.azure.core.service import Service
from infra.local.azure.services.alerts import evaluation

SERVICES: tuple[Service, ...] = (evaluation.service,)
