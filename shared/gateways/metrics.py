"""Platform metrics through `azure-monitor-querymetrics`: one batch for each region and 50 resources."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.arm import Arm
from shared.gateways.connection import Connection, reading
from shared.importing import IMPORTING
from shared.model.wire import Frozen

BATCH = 50
"""Resources that one request may name (Microsoft Learn, metrics batch API)."""
MOST_SERIES = 1000
"""Series of one resource: unsaid, the service gives the first ten of a split and drops the rest silently."""
_OPERATION = "query metrics"
_RESOURCES = "2021-04-01"
_FIELDS = {
    "Average": "average",
    "Minimum": "minimum",
    "Maximum": "maximum",
    "Total": "total",
    "Count": "count",
}


class Point(Frozen):
    """One interval, by its beginning; `value` is None where nothing was measured."""

    at: datetime
    value: float | None


class Series(Frozen):
    """What was measured of one resource, for one combination of dimensions."""

    resource_id: str
    dimensions: dict[str, str]
    points: tuple[Point, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """What was measured, without the intervals that have nothing."""
        return tuple(point.value for point in self.points if point.value is not None)


@dataclass(frozen=True)
class Metrics:
    """Role: Monitoring Reader on the subscription."""

    connection: Connection
    _regions: dict[str, str] = field(init=False, default_factory=dict[str, str], repr=False, compare=False)

    def series(
        self,
        resource_ids: Iterable[str],
        namespace: str,
        metric: str,
        *,
        aggregation: str,
        since: datetime,
        until: datetime,
        every: timedelta,
        split_by: str | None = None,
    ) -> dict[str, tuple[Series, ...]]:
        """Each resource's series of one metric, in the metric's own unit, by the ids as they were given.

        `aggregation` is Average, Minimum, Maximum, Total or Count; `every` a grain that the metric has, such as a
        minute; `split_by` the name of a dimension. A resource that has nothing has no series. Raises AzureCallFailed
        with status 404 for a resource that does not exist, and for a metric that could not be read whole.
        """
        asked = {one.lower(): one for one in resource_ids}
        found: dict[str, tuple[Series, ...]] = {}
        options = {
            "metric_namespace": namespace,
            "metric_names": [metric],
            "timespan": (since, until),
            "granularity": every,
            "aggregations": [aggregation],
        }
        if split_by is not None:
            options |= {"filter": f"{split_by} eq '*'", "max_results": MOST_SERIES}
        for region, ids in sorted(self._by_region(asked).items()):
            for batch in batched(ids, BATCH, strict=False):
                for series in self._ask(region, batch, options, _FIELDS[aggregation]):
                    given = asked[series.resource_id.lower()]
                    found[given] = (*found.get(given, ()), series)
        return {given: found.get(given, ()) for given in asked.values()}

    def _ask(
        self, region: str, ids: tuple[str, ...], options: dict[str, Any], value: str
    ) -> Iterator[Series]:
        where = f"{options['metric_namespace']}/{options['metric_names'][0]} in {region}"
        said: list[Any] = []
        with reading(_OPERATION, where):
            # The SDK's answer says neither which resource it is about nor whether its metric could be read.
            self._client(region).query_resources(
                resource_ids=list(ids),
                raw_response_hook=lambda response: said.append(response.http_response.json()),
                **options,
            )
        for one in said[-1]["values"]:
            for metric in one["value"]:
                if (code := metric.get("errorCode", "Success")) != "Success":
                    detail = f"{one['resourceid']}: {code}: {metric.get('errorMessage', '')}"
                    raise AzureCallFailed(_OPERATION, where, 200, detail[:600], retryable=True)
                for series in metric["timeseries"]:
                    yield _series(one["resourceid"], series, value)

    def _by_region(self, ids: Iterable[str]) -> dict[str, list[str]]:
        """Where each resource is: the service is asked in the region that a resource is in."""
        wanted = list(ids)
        if any(one not in self._regions for one in wanted):
            address = f"/subscriptions/{self.connection.subscription_id}/resources"
            for row in Arm(self.connection, _RESOURCES).listed("list resources", address):
                self._regions[row["id"].lower()] = row["location"].replace(" ", "").lower()
        regions: dict[str, list[str]] = {}
        for one in wanted:
            if one not in self._regions:
                detail = "there is no such resource in the subscription"
                raise AzureCallFailed(_OPERATION, one, 404, detail, retryable=False)
            regions.setdefault(self._regions[one], []).append(one)
        return regions

    def _client(self, region: str) -> Any:  # noqa: ANN401 - typed by its SDK, imported late
        with IMPORTING:
            from azure.monitor.querymetrics import MetricsClient  # noqa: PLC0415

        endpoint = f"https://{region}.metrics.monitor.azure.com"
        return self.connection.client(
            "metrics",
            endpoint,
            lambda: MetricsClient(endpoint, self.connection.credential, **self.connection.client_options),
        )


def _series(resource_id: str, series: dict[str, Any], value: str) -> Series:
    points = [
        Point(at=datetime.fromisoformat(one["timeStamp"]), value=one.get(value)) for one in series["data"]
    ]
    dimensions = {one["name"]["value"]: str(one["value"]) for one in series.get("metadatavalues") or ()}
    return Series(resource_id=resource_id, dimensions=dimensions, points=tuple(points))
