"""What must hold between the parts of an AI landing zone: models, clusters, backups, restorable stores."""

from collections.abc import Iterator

from shared.estate.document import Document, Path
from shared.estate.explain import suggest, unknown
from shared.model.estate import Estate, MlWorkspace, OpenAi, Storage

type Complaint = tuple[Path, str]


def check_landing_zone(estate: Estate, document: Document) -> Iterator[Complaint]:
    """Names that are given twice or lead nowhere, in what recovery would make or read."""
    accounts = {service.name for service in estate.of_kind(Storage)}
    for i, service in enumerate(estate.services):
        path: Path = ("services", i)
        match service:
            case OpenAi():
                yield from _twice(document, (*path, "deployments"), [one.name for one in service.deployments])
            case MlWorkspace():
                yield from _twice(document, (*path, "computes"), [one.name for one in service.computes])
                yield from _workspace(service, path, accounts)
            case Storage():
                yield from _twice(document, (*path, "containers"), list(service.containers), field="")
            case _:
                pass


def _workspace(service: MlWorkspace, path: Path, accounts: set[str]) -> Iterator[Complaint]:
    if service.backup_storage not in accounts:
        yield (*path, "backup_storage"), unknown(service.backup_storage, "storage service", accounts)
    clusters = {one.name for one in service.computes}
    wanted = service.sample_job.compute
    if wanted not in clusters:
        message = f"'{wanted}' is none of its computes; {suggest(wanted, clusters)}"
        yield (*path, "sample_job", "compute"), message
    for j, cluster in enumerate(service.computes):
        if cluster.min_nodes > cluster.max_nodes:
            message = f"is {cluster.min_nodes}, more than max_nodes ({cluster.max_nodes}); lower it"
            yield (*path, "computes", j, "min_nodes"), message


def _twice(document: Document, path: Path, names: list[str], *, field: str = "name") -> Iterator[Complaint]:
    first: dict[str, Path] = {}
    for i, name in enumerate(names):
        place: Path = (*path, i, field) if field else (*path, i)
        if before := first.get(name.lower()):
            yield place, f"'{name}' stands on line {document.line(before)} already; each must be given once"
        first.setdefault(name.lower(), place)
