"""What a run writes down before it acts, beside its record: it outlives the process, and is never overwritten."""

import json

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


def _path(call: Call, name: str) -> str:
    return f"{call.run_id}/{name}.json"
