"""Work items in Azure DevOps through its REST API; a tag holds the key and WIQL finds it."""

import html
from dataclasses import dataclass
from typing import Any

from shared.errors import AzureCallFailed
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

_VERSION = "7.1"
_COMMENTS = "7.1-preview.4"
_TYPE = "Issue"
_PRIORITY = {Severity.CRITICAL: 1, Severity.HIGH: 2, Severity.MEDIUM: 3}
_PATCH = "application/json-patch+json"


@dataclass(frozen=True)
class AzureDevOps:
    """Scope of the personal access token: Work items (read and write)."""

    name: str
    http: Http
    project: str

    def find(self, key: str) -> TicketRef | None:
        tag = label(key)
        # A label cannot end the quotes: it is letters, digits, dots, hyphens and underscores.
        tagged = f"[System.TeamProject] = @project AND [System.Tags] CONTAINS '{tag}'"
        query = f"SELECT [System.Id] FROM WorkItems WHERE {tagged} ORDER BY [System.Id]"  # noqa: S608 - see above
        path = f"{self._api}/wit/wiql?api-version={_VERSION}&$top=20"
        for one in self.http.query("find work item", path, {"query": query})["workItems"]:
            row = self._item(str(one["id"]))
            # A word in a query may be found inside a longer tag.
            if tag.lower() in [
                part.strip().lower() for part in row["fields"].get("System.Tags", "").split(";")
            ]:
                return self._ref(row)
        return None

    def create(self, ticket: Ticket) -> TicketRef:
        link = (
            f'<p><a href="{html.escape(ticket.url)}">{html.escape(ticket.url)}</a></p>' if ticket.url else ""
        )
        fields = {
            "System.Title": one_line(ticket.title, 250),
            "System.Description": f"<p>{_html(ticket.text)}</p>{link}",
            "System.Tags": f"foundry-ops; {label(ticket.key)}",
            "Microsoft.VSTS.Common.Priority": _PRIORITY.get(ticket.severity, 4),
        }
        path = f"{self._api}/wit/workitems/${_TYPE}?api-version={_VERSION}"
        answer = self.http.write("open work item", "POST", path, _additions(fields), _PATCH)
        if answer is None:
            number = self.http.connection.later("number")
            return TicketRef(system=self.name, number=number, url=self.http.base, id=number)
        return self._ref(answer)

    def has_note(self, ref: TicketRef, key: str) -> bool:
        token = ""
        while True:
            more = {"continuationToken": token} if token else {}
            path = f"{self._api}/wit/workItems/{segment(ref.id)}/comments"
            page = self.http.get("list work item comments", path, **{"api-version": _COMMENTS}, **more)
            if any(mark(key) in comment.get("text", "") for comment in page["comments"]):
                return True
            token = page.get("continuationToken", "")
            if not token:
                return False

    def add_note(self, ref: TicketRef, key: str, text: str) -> None:
        path = f"{self._api}/wit/workItems/{segment(ref.id)}/comments?api-version={_COMMENTS}"
        self.http.write("comment on work item", "POST", path, {"text": _html(marked(key, text))})

    def is_closed(self, ref: TicketRef) -> bool:
        return self._item(ref.id)["fields"]["System.State"] in self._completed()

    def close(self, ref: TicketRef, text: str) -> None:
        states = self._completed()
        if not states:
            message = f"the type {_TYPE} has no state of the category Completed; close it by hand"
            raise AzureCallFailed("close work item", ref.url, 409, message, retryable=False)
        path = f"{self._api}/wit/workitems/{segment(ref.id)}?api-version={_VERSION}"
        fields = {"System.State": states[0], "System.History": _html(text)}
        self.http.write("close work item", "PATCH", path, _additions(fields), _PATCH)

    @property
    def _api(self) -> str:
        return f"/{segment(self.project)}/_apis"

    def _item(self, number: str) -> Any:  # noqa: ANN401 - JSON
        path = f"{self._api}/wit/workitems/{segment(number)}"
        return self.http.get("get work item", path, **{"api-version": _VERSION})

    def _completed(self) -> list[str]:
        path = f"{self._api}/wit/workitemtypes/{_TYPE}/states"
        found = self.http.get("list work item states", path, **{"api-version": _VERSION})["value"]
        return [one["name"] for one in found if one["category"] == "Completed"]

    def _ref(self, row: Any) -> TicketRef:  # noqa: ANN401 - JSON
        number = str(row["id"])
        url = f"{self.http.base}/{segment(self.project)}/_workitems/edit/{number}"
        return TicketRef(system=self.name, number=number, url=url, id=number)


def _additions(fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"op": "add", "path": f"/fields/{name}", "value": value} for name, value in fields.items()]


def _html(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")
