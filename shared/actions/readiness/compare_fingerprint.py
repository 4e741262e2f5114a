"""Proves that the configuration is what it was before."""

from shared.actions.action import Call, action
from shared.actions.configuration import configuration, keep, kept, kept_at
from shared.errors import CheckFailed
from shared.model.estate import Service
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.fingerprint import differences, fingerprint


class Params(Frozen):
    """Whose configuration, and the name under which the one to compare with was kept."""

    services: tuple[Service, ...]
    against: str = "before"


MOST_TOLD = 20


@action(changes=False)
def compare_fingerprint(params: Params, call: Call) -> Outcome | Pending:
    """Reads the configuration again and fails when it is not the one that was kept, naming each difference.

    Both are kept as evidence. Azure's lists may lag behind for a moment, so a difference is looked at again.
    """
    before = kept(call, params.against)
    if before is None:
        raise CheckFailed(f"there is no {kept_at(call, params.against)}, so nothing can be compared")
    after = configuration(params.services, call)
    name = f"after-{call.step.replace('_', '-')}"
    if kept(call, name) != after:
        keep(call, name, after)
    if found := differences(before, after):
        more = f"; and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
        raise CheckFailed(
            f"the configuration is not what it was: {'; '.join(found[:MOST_TOLD])}{more}", retryable=True
        )
    return Outcome(
        summary=f"the configuration of {len(after)} things is what it was, fingerprint {fingerprint(after)[:16]}",
        evidence={"fingerprint": fingerprint(after)},
    )
