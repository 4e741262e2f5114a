"""KQL over the simulated tables: DuckDB does the work, its answer and its errors are told as Log Analytics does."""

import json
import math
import re
import weakref
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.telemetry import tables
from infra.local.azure.services.telemetry.columns import COLUMNS

# The engine is imported with the first query: most worlds end before anybody asks one.
if TYPE_CHECKING:
    import duckdb
    import duckdb_kql

_TYPES = {
    "TIMESTAMP": "datetime",
    "BIGINT": "long",
    "HUGEINT": "long",
    "INTEGER": "int",
    "DOUBLE": "real",
    "BOOLEAN": "bool",
    "INTERVAL": "timespan",
    "JSON": "dynamic",
}
_RELATIVE = re.compile(r"\b(now|ago)\s*\(")


class QueryFailed(Exception):  # noqa: N818 - reads as what happened
    """What is wrong with a query, in the words and codes of Log Analytics."""

    def __init__(self, kind: str, code: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.code, self.message = kind, code, message

    def body(self) -> Json:
        what = {
            "SyntaxError": "A recognition error occurred in the query.",
            "SemanticError": "A semantic error occurred.",
        }[self.kind]
        inner = {
            "code": self.kind,
            "message": what,
            "innererror": {"code": self.code, "message": self.message},
        }
        message = "The request had some invalid properties"
        return {"error": {"code": "BadArgumentError", "message": message, "innererror": inner}}


_turn = Lock()
"""Two worlds of one process, each on its own thread, share the one database and what it holds: one at a time."""


def ask(
    world: World, query: str, since: float, until: float
) -> tuple[list[tuple[str, str]], list[list[Any]]]:
    """Return the columns (name, Kusto type) and rows that answer a query; raises `QueryFailed`."""
    with _turn:
        return _asked(world, query, since, until)


def _asked(
    world: World, query: str, since: float, until: float
) -> tuple[list[tuple[str, str]], list[list[Any]]]:
    import duckdb  # noqa: PLC0415

    database = _database()
    for name, columns in COLUMNS.items():
        if re.search(rf"\b{name}\b", query):
            _fill(database, name, columns, world, (since, until))
    sql = _relative(query, world.now) if _RELATIVE.search(query) else _translated(query)
    try:
        found = database.execute(sql, sql.parameters or None)
        shown = [(one[0], _TYPES.get(str(one[1]), "string")) for one in found.description or []]
        return shown, [[_value(value) for value in row] for row in found.fetchall()]
    except duckdb.Error as error:
        raise QueryFailed("SemanticError", "SEM0100", str(error).splitlines()[0]) from error


_filled: dict[str, tuple[object, ...]] = {}


@cache
def _database() -> "duckdb.DuckDBPyConnection":
    """One for the process: it holds nothing between two questions, and reaches nothing outside."""
    import duckdb_kql  # noqa: PLC0415

    database = duckdb_kql.connect()
    database.execute("SET enable_external_access = false")
    database.execute("SET threads = 1")
    return database


def _fill(
    database: "duckdb.DuckDBPyConnection",
    name: str,
    columns: dict[str, str],
    world: World,
    span: tuple[float, float],
) -> None:
    """Put the rows of a time into a table, unless they are what it holds: rules ask the same minutes one by one."""
    holds = (weakref.ref(world), span, world.now, tuple(world.table(one).version for one in tables.TOLD_FROM))
    if _filled.get(name) == holds:
        return
    _filled[name] = holds
    rows = list(tables.rows(world, name, *span))
    shape = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    database.execute(f'CREATE OR REPLACE TABLE "{name}" ({shape})')
    if rows:
        # As one JSON text: the engine reads it many times faster than it takes rows, and needs no pandas for it.
        plain = {column: "VARCHAR" if kind == "JSON" else kind for column, kind in columns.items()}
        picked = ", ".join(f'CAST("{column}" AS {kind})' for column, kind in columns.items())
        taken = (
            f'INSERT INTO "{name}" SELECT {picked} FROM (SELECT unnest(from_json($1, $2), recursive := true))'  # noqa: S608 - our own names
        )
        database.execute(taken, [json.dumps(rows), json.dumps([plain])])


@lru_cache(maxsize=200)
def _translated(query: str) -> "duckdb_kql.TranslationResult":
    return _sql(query)


def _relative(query: str, now: float) -> "duckdb_kql.TranslationResult":
    return _sql(query, datetime.fromtimestamp(now, UTC))


def _sql(query: str, now: datetime | None = None) -> "duckdb_kql.TranslationResult":
    import duckdb_kql  # noqa: PLC0415

    schema = {name: list(columns) for name, columns in COLUMNS.items()}
    try:
        return duckdb_kql.to_sql(query, schema=schema, allow_write=False, query_now=now)
    except duckdb_kql.KqlSyntaxError as error:
        raise QueryFailed("SyntaxError", "SYN0002", str(error)) from error
    except duckdb_kql.KqlUnsupportedError as error:
        # Kusto might take it, this engine cannot: that must not look like a mistake in the query.
        raise ArmError(501, "NotImplemented", str(error)) from error
    except duckdb_kql.KqlError as error:
        raise QueryFailed("SemanticError", "SEM0100", str(error)) from error


def _value(value: object) -> Any:  # noqa: ANN401 - whatever JSON has
    match value:
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%S.%f}0Z"
        case timedelta():
            days, rest = divmod(value, timedelta(days=1))
            return f"{days}.{rest!s:0>8}" if days else f"{rest!s:0>8}"
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case bool() | int() | float() | None:
            return value
        case _:
            return str(value)
