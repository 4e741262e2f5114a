"""What a run writes down before it acts, beside its record: it outlives the process, and is never overwritten."""

import json
from dataclasses import replace

from shared.actions.action import Call
from shared.model.wire import Frozen


def noted[N: Frozen](call: Call, name: str, kind: type[N]) -> N | None:
    """What this run wrote down under that name, or None."""
    platform = call.estate.platform
    found = call.azure.blobs.read(platform.records_account_url, platform.records_container, _path(call, name))
    return None if found is None else kind.from_wire(json.loads(found))


def note(call: Call, name: str, what: Frozen) -> None:
    """Write it down; who calls has looked before that nothing of that name is there."""
    platform = call.estate.platform
    content = json.dumps(what.to_wire(), indent=2, sort_keys=True).encode()
    call.azure.blobs.write(
        platform.records_account_url,
        platform.records_container,
        _path(call, name),
        content,
        "application/json",
    )


def earlier(call: Call, name: str) -> Call | None:
    """The call as the last run of the same plan before this one that wrote down something of that name, or None."""
    platform, plan = (
        call.estate.platform,
        call.run_id.rsplit("-", 2)[0],
    )  # a run id ends with its time and a mark
    names = call.azure.blobs.names(platform.records_account_url, platform.records_container, f"{plan}-")
    runs = [path.split("/")[0] for path in names if path.endswith(f"/{name}.json")]
    last = max((run_id for run_id in runs if run_id < call.run_id), default=None)
    return None if last is None else replace(call, run_id=last)


def _path(call: Call, name: str) -> str:
    return f"{call.run_id}/{name}.json"
