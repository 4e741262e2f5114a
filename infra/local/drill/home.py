"""When everything is home again: where data is written, where tenants are served, what each resource is."""

from infra.local.drill import verdict
from infra.local.drill.truth import Truth

HOME = "home"
"""The note under which a scenario keeps the truth from before anything moved."""
KEPT = frozenset({"lastGeoFailoverTime", "latestRevisionName", "latestReadyRevisionName"})
"""Fields in which Azure keeps what was once done; nothing takes them back."""


def not_home(before: Truth, now: Truth) -> list[str]:
    """A sentence for each thing that is not as it was before everything moved; nothing when all is home."""
    was, is_ = _places(before), _places(now)
    found = [
        f"{what} {is_.get(what, 'is gone')}; before, it {said}"
        for what, said in was.items()
        if is_.get(what) != said
    ]
    homes = {tenant.name: tenant.served_by for tenant in before.tenants}
    found += [
        f"tenant {tenant.name} is served from {tenant.served_by}, not from {homes[tenant.name]}"
        for tenant in now.tenants
        if tenant.well and tenant.served_by != homes[tenant.name]
    ]
    return [*found, *verdict.changed(before, now, but=KEPT), *verdict.unserved(now)]


def _places(truth: Truth) -> dict[str, str]:
    """Where every database is written, and what every search service answers to."""
    written = {
        name: f"writes in {account['write_region']}"
        + "".join(f" without {region}" for region in account["offline"])
        for name, account in truth.world["cosmos"].items()
    }
    # Documents come and go with the traffic, and an index that was built again has a name of its own.
    answers = {
        name: f"answers to {', '.join(sorted(found['aliases'])) or 'nothing'}"
        + ("" if found["indexes"] else " and holds no index")
        for name, found in truth.world["search"].items()
    }
    return written | answers
