"""What Azure costs, from Cost Management's query API (Microsoft.CostManagement/query, 2023-11-01).

Its SDK knows no paging of this call (azure-rest-api-specs 22528), so it is asked as Azure Resource Manager is.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.arm import Arm
from shared.gateways.connection import Connection
from shared.gateways.operations import ours

_OPERATION = "query costs"


@dataclass(frozen=True)
class Spent:
    """The cost of some days before tax, by Azure service."""

    currency: str
    services: dict[str, float]


@dataclass(frozen=True)
class Costs:
    """Role: Cost Management Reader. A scope may be asked four times a minute; then it answers 429."""

    connection: Connection

    def by_service(self, subscription_id: str, first: date, last: date) -> Spent:
        """What the days from `first` to `last` cost, both included, in UTC.

        The newest two or three days still grow: usage is rated as it comes in (Cost Management, data refresh).
        """
        arm = Arm(self.connection, "2023-11-01")
        address = f"/subscriptions/{subscription_id}/providers/Microsoft.CostManagement/query"
        body = {
            "type": "ActualCost",
            "timeframe": "Custom",
            "timePeriod": {"from": f"{first}T00:00:00Z", "to": f"{last}T23:59:59Z"},
            "dataset": {
                "granularity": "None",
                "aggregation": {"totalCost": {"name": "PreTaxCost", "function": "Sum"}},
                "grouping": [{"type": "Dimension", "name": "ServiceName"}],
            },
        }
        services: dict[str, float] = {}
        currencies: set[str] = set()
        following: str | None = address
        while following:
            page: dict[str, Any] = arm.ask(_OPERATION, following, body).get("properties") or {}
            names = [str(column["name"]) for column in page.get("columns") or ()]
            for row in page.get("rows") or ():
                told = dict(zip(names, row, strict=True))
                service = str(told["ServiceName"]) or "other"
                services[service] = services.get(service, 0.0) + float(told["PreTaxCost"])
                currencies.add(str(told["Currency"]))
            following = ours(str(page["nextLink"])) if page.get("nextLink") else None
        if len(currencies) > 1:
            detail = (
                f"costs come in several currencies, which cannot be added: {', '.join(sorted(currencies))}"
            )
            raise AzureCallFailed(_OPERATION, address, 200, detail, retryable=False)
        return Spent(currencies.pop() if currencies else "", services)
