"""Incidents in PagerDuty through Events API v2; the service itself keeps one alert per `dedup_key`."""

from dataclasses import dataclass
from typing import Any

from shared.gateways.ticket_systems.desk import Http, Ticket, TicketRef, label, one_line
from shared.model.severity import Severity

_SEVERITY = {Severity.CRITICAL: "critical", Severity.HIGH: "error", Severity.MEDIUM: "warning"}
_SOURCE = "foundry-ops"


@dataclass(frozen=True)
class PagerDuty:
    """The secret is a service's integration key. Events are only taken in, so nothing can be looked up."""

    name: str
    http: Http
    routing_key: str

    def find(self, key: str) -> TicketRef | None:
        """Nothing: an event with the same key joins the open alert, so there is no need to look."""
        del key

    def create(self, ticket: Ticket) -> TicketRef:
        self._send("trigger", label(ticket.key), ticket.title, ticket.severity, ticket.text, ticket.url)
        return TicketRef(system=self.name, number=label(ticket.key), url=self.http.base, id=label(ticket.key))

    def has_note(self, ref: TicketRef, key: str) -> bool:
        """Never known; the same note again is one more line in the alert's log, and pages nobody."""
        del ref, key
        return False

    def add_note(self, ref: TicketRef, key: str, text: str) -> None:
        self._send("trigger", ref.id, text, Severity.LOW, f"{text} [{label(key)}]", "")

    def is_closed(self, ref: TicketRef) -> bool:
        """Never known; resolving what is resolved does nothing."""
        del ref
        return False

    def close(self, ref: TicketRef, text: str) -> None:
        del text  # a resolve event says nothing
        body = {"routing_key": self.routing_key, "event_action": "resolve", "dedup_key": ref.id}
        self.http.write("resolve PagerDuty alert", "POST", "/v2/enqueue", body)

    def _send(self, action: str, key: str, title: str, severity: Severity, text: str, url: str) -> None:
        body: dict[str, Any] = {
            "routing_key": self.routing_key,
            "event_action": action,
            "dedup_key": key,
            "payload": {
                "summary": one_line(title, 1024),
                "source": _SOURCE,
                "severity": _SEVERITY.get(severity, "info"),
                "custom_details": {"text": text},
            },
        }
        if url:
            body["links"] = [{"href": url, "text": "Incident"}]
        self.http.write("send PagerDuty event", "POST", "/v2/enqueue", body)
