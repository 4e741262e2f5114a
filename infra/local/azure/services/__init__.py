"""The services of the simulated Azure, in the order in which their routes are tried."""

from infra.local.azure.core import operations
from infra.local.azure.core.service import Service
from infra.local.azure.services import generic, mail

# A service is one file (or folder) here and one entry below; `generic` takes what no other service knows.
SERVICES: tuple[Service, ...] = (
    operations.service,
    mail.service,
    generic.service,
)
