"""Incidents in ServiceNow through its Table API; `correlation_id` holds the key."""

from dataclasses import dataclass
from typing import Any

from shared.gateways.ticket_systems.desk import (
    Http,
    Ticket,
    TicketRef,
    label,
    mark,
    marked,
    one_line,
    segment,
)
from shared.model.severity import Severity

# ServiceNow works the priority out of both: 1 is high, 3 low.
_LEVEL = {Severity.CRITICAL: "1", Severity.HIGH: "1", Severity.MEDIUM: "2"}
_IMPACT = {Severity.CRITICAL: "1", Severity.HIGH: "2", Severity.MEDIUM: "2"}
_RESOLVED, _DONE = "6", frozenset({"6", "7", "8"})  # resolved, closed, canceled
_INCIDENTS = "/api/now/table/incident"


@dataclass(frozen=True)
class ServiceNow:
    """Role: itil (incidents), and read access to sys_journal_field (work notes)."""

    name: str
    http: Http

    def find(self, key: str) -> TicketRef | None:
        found = self.http.get(
            "find ServiceNow incident",
            _INCIDENTS,
            sysparm_query=f"correlation_id={label(key)}^ORDERBYsys_created_on",
            sysparm_fields="sys_id,number",
            sysparm_limit="1",
        )["result"]
        return self._ref(found[0]) if found else None

    def create(self, ticket: Ticket) -> TicketRef:
        more = f"\n\n{ticket.url}" if ticket.url else ""
        body = {
            "short_description": one_line(ticket.title, 160),
            "description": ticket.text + more,
            "correlation_id": label(ticket.key),
            "correlation_display": "Foundry Ops",
            "urgency": _LEVEL.get(ticket.severity, "3"),
            "impact": _IMPACT.get(ticket.severity, "3"),
        }
        answer = self.http.write("open ServiceNow incident", "POST", _INCIDENTS, body)
        if answer is None:
            number = self.http.connection.later("number")
            return TicketRef(system=self.name, number=number, url=self.http.base, id=number)
        return self._ref(answer["result"])

    def has_note(self, ref: TicketRef, key: str) -> bool:
        found = self.http.get(
            "list ServiceNow work notes",
            "/api/now/table/sys_journal_field",
            sysparm_query=f"element_id={ref.id}^element=work_notes^valueLIKE{mark(key)}",
            sysparm_fields="sys_id",
            sysparm_limit="1",
        )
        return bool(found["result"])

    def add_note(self, ref: TicketRef, key: str, text: str) -> None:
        self._update("note in ServiceNow incident", ref, {"work_notes": marked(key, text)})

    def is_closed(self, ref: TicketRef) -> bool:
        path = f"{_INCIDENTS}/{segment(ref.id)}"
        found = self.http.get("get ServiceNow incident", path, sysparm_fields="state")
        return str(found["result"]["state"]) in _DONE

    def close(self, ref: TicketRef, text: str) -> None:
        body = {"state": _RESOLVED, "close_code": "Solution provided", "close_notes": text}
        self._update("resolve ServiceNow incident", ref, body)

    def _update(self, operation: str, ref: TicketRef, body: dict[str, str]) -> None:
        self.http.write(operation, "PATCH", f"{_INCIDENTS}/{segment(ref.id)}", body)

    def _ref(self, row: Any) -> TicketRef:  # noqa: ANN401 - JSON
        url = f"{self.http.base}/incident.do?sys_id={row['sys_id']}"
        return TicketRef(system=self.name, number=row["number"], url=url, id=row["sys_id"])
