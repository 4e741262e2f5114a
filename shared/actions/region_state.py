"""Whether a whole region is out: as Azure says it, and minutes before it says so, as its services answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from shared.gateways.azure import Azure
from shared.gateways.journal import carried
from shared.model.estate import AiSearch, Estate, KeyVault, Storage

FEWEST = 2
"""Services that must all be silent; one alone may be out by itself."""


def region_out(estate: Estate, azure: Azure, region: str) -> str:
    """Why the region counts as out, or nothing.

    Service Health needs minutes to declare an outage. Until then it is taken for one when no service of the region
    answers anything at all: a refusal (401, 404) is an answer too, and any of them shows that the region lives.
    """
    if declared := azure.outages.declared(region):
        return f"Azure has declared {declared[0].tracking_id}: {declared[0].title}"
    hosts = tuple(dict.fromkeys(_hosts(estate, region)))
    if len(hosts) < FEWEST:
        return ""
    with ThreadPoolExecutor(max_workers=len(hosts)) as pool:
        answers = tuple(pool.map(carried(lambda url: azure.probe(url, timeout=10.0)), hosts))
    if any(answer.status for answer in answers):
        return ""
    return f"none of {', '.join(host.split('/')[2] for host in hosts)} answers"


def _hosts(estate: Estate, region: str) -> Iterator[str]:
    """Addresses of services that live in that region alone."""
    for service in estate.services:
        if service.region != region:
            continue
        name = service.resource_id.rsplit("/", 1)[-1]
        match service:
            case KeyVault():
                yield f"https://{name}.vault.azure.net/"
            case AiSearch():
                yield f"https://{name}.search.windows.net/"
            case Storage():
                yield f"https://{name}.blob.core.windows.net/"
            case _:
                pass
