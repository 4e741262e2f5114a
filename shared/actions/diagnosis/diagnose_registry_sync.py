"""Says whether a registry's copies are behind (seed 004, section 10.1: KI-003)."""

from shared.actions.action import Call, action
from shared.actions.facts import REGISTRY_VERSION, diagnosis, finding, gathered, properties
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The registry, and the regions that deploy from it."""

    registry_id: str
    regions: tuple[str, ...]


@action(changes=False)
def diagnose_registry_sync(params: Params, call: Call) -> Outcome | Pending:
    """Looks at the registry's copy in each region that deploys from it: there, ready, and in step."""
    arm = call.azure.arm(REGISTRY_VERSION)
    facts, unknown = gathered(
        registry=lambda: arm.get("get container registry", params.registry_id),
        replications=lambda: arm.listed("list replications", f"{params.registry_id}/replications"),
    )
    found = []
    if facts["registry"] is None and not unknown:
        found.append(finding(call, params.registry_id, "the registry does not exist", "correct the estate"))
    copies = {
        str(one.get("location", "")).replace(" ", "").lower(): one for one in facts["replications"] or ()
    }
    for region in params.regions if facts["replications"] is not None else ():
        copy = copies.get(region)
        if copy is None:
            advice = (
                f"add a replication: az acr replication create -l {region}; until then images come from far"
            )
            found.append(finding(call, params.registry_id, f"there is no copy in {region}", advice))
            continue
        about = properties(copy)
        status = about.get("status") or {}
        shown = str(status.get("displayStatus") or about.get("provisioningState") or "")
        if str(about.get("provisioningState", "")).lower() == "failed":
            found.append(
                finding(
                    call, str(copy["id"]), f"the copy in {region} has failed", "delete it and make it again"
                )
            )
        elif shown.lower() not in {"ready", "succeeded"}:
            advice = f"wait five minutes before deploying to {region}; deploy by digest, so that an old tag cannot run"
            found.append(
                finding(
                    call,
                    str(copy["id"]),
                    f"the copy in {region} is {shown}",
                    advice,
                    since=status.get("timestamp"),
                )
            )
    return diagnosis(call, params.registry_id, found, unknown, "every copy is ready; compare the digests")
