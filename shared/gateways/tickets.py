"""Tickets of incidents in whatever system the estate names: opened once, noted once, closed once."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection
from shared.gateways.secret_values import SecretValues
from shared.gateways.ticket_systems.azure_devops import AzureDevOps
from shared.gateways.ticket_systems.desk import Desk, Http, Ticket, TicketRef, basic
from shared.gateways.ticket_systems.jira import Jira
from shared.gateways.ticket_systems.pagerduty import PagerDuty
from shared.gateways.ticket_systems.servicenow import ServiceNow
from shared.model.on_call import OnCall

__all__ = ["Ticket", "TicketRef", "Tickets"]


@dataclass(frozen=True)
class Tickets:
    """Each call may be repeated: it looks before it writes, so a lost answer makes nothing twice.

    Raises AzureCallFailed; 429 (with its Retry-After), 5xx and no answer are retryable.
    """

    connection: Connection
    on_call: OnCall | None

    def open(self, system: str, ticket: Ticket) -> TicketRef:
        """The ticket with that key in the system of that name, made if there is none."""
        desk = self._desk(system)
        return desk.find(ticket.key) or desk.create(ticket)

    def note(self, ref: TicketRef, key: str, text: str) -> None:
        """A note in the ticket; the same key again is the same note."""
        desk = self._desk(ref.system)
        if self._later(ref) or not desk.has_note(ref, key):
            desk.add_note(ref, key, text)

    def close(self, ref: TicketRef, text: str) -> None:
        """Close the ticket, unless somebody has."""
        desk = self._desk(ref.system)
        if self._later(ref) or not desk.is_closed(ref):
            desk.close(ref, text)

    def _later(self, ref: TicketRef) -> bool:
        """Whether only the real run can know that ticket."""
        return self.connection.preview is not None and "{{" in ref.id

    def _desk(self, name: str) -> Desk:
        system = self.on_call.ticket_system(name) if self.on_call else None
        if system is None:
            message = "is no ticket system of the estate; correct escalation.policies[].tickets"
            raise AzureCallFailed("find ticket system", name, 404, message, retryable=False)
        secret = secret_of(self.connection, system.secret)
        base = system.url.rstrip("/")
        match system.kind:
            case "servicenow":
                return ServiceNow(name, Http(self.connection, base, basic(system.account, secret)))
            case "jira":
                return Jira(name, Http(self.connection, base, basic(system.account, secret)), system.project)
            case "azure_devops":
                return AzureDevOps(name, Http(self.connection, base, basic("", secret)), system.project)
            case "pagerduty":
                return PagerDuty(name, Http(self.connection, base), secret)


def secret_of(connection: Connection, url: str) -> str:
    """The value of the Key Vault secret at that address. Raises AzureCallFailed where there is none."""
    parts = urlsplit(url)
    name = parts.path.rpartition("/")[2]
    value = SecretValues(connection).value(f"{parts.scheme}://{parts.netloc}", name)
    if not value:
        raise AzureCallFailed(
            "get secret", url, 404, "the secret is missing or empty; set it", retryable=False
        )
    return value
