"""What is no Azure: ticket systems, a pager and chats, each answering as the real one does.

`ticket_system_down` and `chat_down` take them away (503): the fault's target is a part of the host, or `*`.
"""

from infra.local.azure.core.service import Service
from infra.local.azure.services.desks import azure_devops, chats, desk, jira, pagerduty, servicenow

# `desk` plants the secrets, so it comes after the vaults.
SERVICES: tuple[Service, ...] = (
    desk.service,
    servicenow.service,
    jira.service,
    azure_devops.service,
    pagerduty.service,
    chats.service,
)
