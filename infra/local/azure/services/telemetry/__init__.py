"""What the services of this world measure and log, and Azure Monitor's data planes over it."""

from infra.local.azure.core.service import Service
from infra.local.azure.services.telemetry import logs, metrics, notes, troubles, web_tests

SERVICES: tuple[Service, ...] = (
    notes.service,
    troubles.service,
    web_tests.service,
    logs.service,
    metrics.service,
)
