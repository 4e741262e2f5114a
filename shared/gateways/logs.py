"""Log Analytics through `azure-monitor-query`: the questions of `shared/queries`, put to the estate's workspace."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.errors import AzureCallFailed, EstateInvalid
from shared.gateways.connection import Connection, reading
from shared.importing import IMPORTING
from shared.queries.question import Value, question

SERVER_TIMEOUT = 15
"""Seconds that the service may take; less than a call may, so that it is the service that says what is wrong."""
_OPERATION = "query logs"
# A timespan includes its end; one window must not count what the next one counts too.
_TICK = timedelta(microseconds=1)

type Row = dict[str, Any]


@dataclass(frozen=True)
class Logs:
    """Role: Log Analytics Reader. `workspace_id` is the workspace's GUID, from the estate's `telemetry` section."""

    connection: Connection
    workspace_id: str | None

    def query(self, name: str, since: datetime, until: datetime, /, **parameters: Value) -> tuple[Row, ...]:
        """The rows that answer a question about `since <= TimeGenerated < until`, by column.

        Times come as datetime (UTC), numbers as int or float, dynamic columns as JSON text. A partial result is
        never taken for a whole one: it raises AzureCallFailed, as a query that fails does. Raises KeyError and
        TypeError for a question or a parameter that there is not, EstateInvalid without a workspace.
        """
        if self.workspace_id is None:
            raise EstateInvalid(
                "the estate has no section telemetry: add it with the workspace_id of its logs"
            )
        text = question(name).bound(**parameters)
        where = f"/workspaces/{self.workspace_id}/{name}"
        with reading(_OPERATION, where):
            answer: Any = self._client.query_workspace(
                self.workspace_id, text, timespan=(since, until - _TICK), server_timeout=SERVER_TIMEOUT
            )
        if (error := getattr(answer, "partial_error", None)) is not None:
            detail = f"only a part of the result came: {error.code}: {error.message}"
            raise AzureCallFailed(_OPERATION, where, 200, detail[:600], retryable=True)
        (table,) = answer.tables
        return tuple(dict(zip(table.columns, row, strict=True)) for row in table.rows)

    @property
    def _client(self) -> Any:  # noqa: ANN401 - typed by its SDK, imported late
        with IMPORTING:
            from azure.monitor.query import LogsQueryClient  # noqa: PLC0415

        return self.connection.client(
            "logs",
            "",
            lambda: LogsQueryClient(self.connection.credential, **self.connection.client_options),
        )
