"""What an account held at a moment of the past: the substance of its continuous backup."""

from collections.abc import Iterator

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.cosmos import content, data, regions
from infra.local.azure.services.search import corpus

DELETED = "cosmos deleted container"
CONTAINER = f"{regions.ACCOUNT}/sqlDatabases/containers"


def deleted(world: World, account: Json) -> list[Json]:
    """Return the containers that were deleted, each with what it held."""
    return [row for _, row in world.table(DELETED).rows(f"{account['name']}/")]


def there_at(world: World, account: Json, at: float) -> Iterator[tuple[str, str]]:
    """Yield database and container of all that was there at that moment."""
    for row in world.of_type(CONTAINER, account["id"] + "/"):
        yield row["id"].split("/")[-3], row["name"]
    for row in deleted(world, account):
        if at < row["at"]:
            yield row["container"]["id"].split("/")[-3], row["name"]


def kept(world: World, origin: str, highest: int) -> Json:
    """Return what is known of a container now, as it can be kept and cut."""
    state = world.table(content.STATES).peek(origin) or {"holes": [], "strokes": []}
    rows = [row for _, row in world.table(content.ROWS).rows(f"{origin}/")]
    marks = (world.table(corpus.MARKS).peek(origin) or {"marks": []})["marks"]
    return {"highest": highest, "state": state, "rows": rows, "marks": marks}


def _cut(world: World, origin: str, whole: Json, at: float) -> Json:
    """Return what a container held then; numbers that were given since stay unused as a hole."""
    last = corpus.first_since(world, origin, int(at) + 1, whole["highest"]) - 1
    holes = [[low, min(high, last)] for low, high in whole["state"]["holes"] if low <= last]
    if last < whole["highest"]:
        holes.append([last + 1, whole["highest"]])
    strokes: list[Json] = []
    for stroke in whole["state"]["strokes"]:
        until = min(stroke["to"], stroke["from"] + int((at - stroke["since"]) * stroke["rate"]) + 1)
        if at >= stroke["since"] and until > stroke["from"]:
            strokes.append({**stroke, "to": until})
    rows = [
        {**row, "versions": [version for version in row["versions"] if version["at"] <= at]}
        for row in whole["rows"]
    ]
    return {
        **whole,
        "state": {"holes": holes, "strokes": strokes},
        "rows": [row for row in rows if row["versions"]],
    }


def _put(world: World, account: Json, name: str, found: Json) -> None:
    origin = f"{account['name']}/{name}"
    world.table(content.STATES).put(origin, found["state"])
    for row in found["rows"]:
        world.table(content.ROWS).put(f"{origin}/{row['tenant']}/{row['id']}", row)
    world.table(corpus.MARKS).put(origin, {"marks": found["marks"]})
    state = data.state(world, account)
    state["documents"][name] = found["highest"]
    state["sequence"] = sum(state["documents"].values())
    for region in regions.order(account):
        state["replicas"][region] = {"sequence": state["sequence"], "at": world.now}
    world.table("cosmos").put(account["name"], state)


def copy(world: World, source: Json, target: Json, at: float, only: dict[str, list[str]]) -> None:
    """Fill a new account with what another one held then; roles do not come along."""
    documents = data.state(world, source)["documents"]
    gone = {row["name"]: row for row in deleted(world, source) if at < row["at"]}
    for database, name in list(there_at(world, source, at)):
        if only and (database not in only or (only[database] and name not in only[database])):
            continue
        origin = f"{source['name']}/{name}"
        whole = gone[name]["content"] if name in gone else kept(world, origin, documents.get(name, 0))
        _put(world, target, name, _cut(world, origin, whole, at))
        below = f"{source['id']}/sqlDatabases/{database}"
        for old in (
            below,
            f"{below}/containers/{name}",
            f"{below}/containers/{name}/throughputSettings/default",
        ):
            row = world.resources.get(old) or (gone.get(name) or {"parts": {}})["parts"].get(old)
            if row is not None:
                world.put_resource({**row, "id": row["id"].replace(source["id"], target["id"], 1)})


def delete_container(world: World, container_id: str) -> None:
    """Delete a container; its backup keeps what it held."""
    account = world.resource(container_id.split("/sqlDatabases/", maxsplit=1)[0])
    container = world.resource(container_id)
    name, state = container["name"], data.state(world, account)
    parts = {row["id"]: row for _, row in world.resources.rows(container_id)}
    row: Json = {
        "name": name,
        "at": world.now,
        "container": container,
        "parts": parts,
        "content": kept(world, f"{account['name']}/{name}", state["documents"].pop(name, 0)),
    }
    world.table(DELETED).put(f"{account['name']}/{name}", row)
    world.table("cosmos").put(account["name"], state)
    content.drop(world, f"{account['name']}/{name}")
    for part in parts:
        world.resources.delete(part)


def bring_back(world: World, account: Json, container_id: str, at: float) -> None:
    """Put a deleted container back as it was then, under its own name."""
    name = container_id.rsplit("/", 1)[-1]
    row = world.table(DELETED).get(f"{account['name']}/{name}")
    assert row is not None
    for part in row["parts"].values():
        world.put_resource(part)
    _put(world, account, name, _cut(world, f"{account['name']}/{name}", row["content"], at))
    world.table(DELETED).delete(f"{account['name']}/{name}")
