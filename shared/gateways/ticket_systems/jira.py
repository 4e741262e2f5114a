"""Issues in Jira Cloud through REST API v3; a label holds the key, a comment's property that of a note."""

from dataclasses import dataclass
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.ticket_systems.desk import Http, Ticket, TicketRef, label, one_line, segment

_API = "/rest/api/3"
_PROPERTY = "foundry-ops"
_PAGE = 100


@dataclass(frozen=True)
class Jira:
    """Permissions: browse projects, create issues, add comments, transition issues.

    Jira's search may know of a new issue a little later than it answers: a call that is repeated within that time after
    a lost answer can open a second one. Nothing in the API takes a key that would prevent it.
    """

    name: str
    http: Http
    project: str

    def find(self, key: str) -> TicketRef | None:
        found = self.http.get(
            "find Jira issue",
            f"{_API}/search/jql",
            jql=f'project = "{self.project}" AND labels = "{label(key)}" ORDER BY created ASC',
            fields="status",
            maxResults="1",
        )["issues"]
        return self._ref(found[0]) if found else None

    def create(self, ticket: Ticket) -> TicketRef:
        text = "\n\n".join(part for part in (ticket.text, f"Severity: {ticket.severity}", ticket.url) if part)
        fields = {
            "project": {"key": self.project},
            "issuetype": {"name": "Task"},
            "summary": one_line(ticket.title, 250),
            "description": _document(text),
            "labels": ["foundry-ops", label(ticket.key)],
        }
        answer = self.http.write("open Jira issue", "POST", f"{_API}/issue", {"fields": fields})
        if answer is None:
            number = self.http.connection.later("number")
            return TicketRef(system=self.name, number=number, url=self.http.base, id=number)
        return self._ref(answer)

    def has_note(self, ref: TicketRef, key: str) -> bool:
        start = 0
        while True:
            page = self.http.get(
                "list Jira comments",
                f"{_API}/issue/{segment(ref.id)}/comment",
                expand="properties",
                startAt=str(start),
                maxResults=str(_PAGE),
            )
            for comment in page["comments"]:
                if any(
                    one["key"] == _PROPERTY and one["value"].get("key") == label(key)
                    for one in comment.get("properties", [])
                ):
                    return True
            start += len(page["comments"])
            if not page["comments"] or start >= page["total"]:
                return False

    def add_note(self, ref: TicketRef, key: str, text: str) -> None:
        body = {
            "body": _document(text),
            "properties": [{"key": _PROPERTY, "value": {"key": label(key)}}],
        }
        self.http.write("comment on Jira issue", "POST", f"{_API}/issue/{segment(ref.id)}/comment", body)

    def is_closed(self, ref: TicketRef) -> bool:
        found = self.http.get("get Jira issue", f"{_API}/issue/{segment(ref.id)}", fields="status")
        return found["fields"]["status"]["statusCategory"]["key"] == "done"

    def close(self, ref: TicketRef, text: str) -> None:
        if not self.has_note(ref, "closed"):
            self.add_note(ref, "closed", text)
        path = f"{_API}/issue/{segment(ref.id)}/transitions"
        for one in self.http.get("list Jira transitions", path)["transitions"]:
            if one["to"]["statusCategory"]["key"] == "done":
                self.http.write("close Jira issue", "POST", path, {"transition": {"id": one["id"]}})
                return
        message = "its workflow leads to no status of the category done from here; close it by hand"
        raise AzureCallFailed("close Jira issue", ref.url, 409, message, retryable=False)

    def _ref(self, row: Any) -> TicketRef:  # noqa: ANN401 - JSON
        return TicketRef(
            system=self.name,
            number=row["key"],
            url=f"{self.http.base}/browse/{row['key']}",
            id=str(row["id"]),
        )


def _document(text: str) -> dict[str, Any]:
    """The text in the Atlassian Document Format, one paragraph for each block of lines."""
    paragraphs = [block for block in text.split("\n\n") if block.strip()] or ["-"]
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": block}]} for block in paragraphs
        ],
    }
