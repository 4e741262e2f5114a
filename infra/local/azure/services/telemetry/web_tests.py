"""Standard web tests: each simulated minute a real GET to an address outside this world, such as the app's own health.

PUT .../providers/Microsoft.Insights/webtests/foundry-ops
{"location": "...", "properties": {"Enabled": true, "Request": {"RequestUrl": "http://127.0.0.1:7071/api/health"}}}
"""

from infra.local.azure.core import outbox
from infra.local.azure.core.service import Service
from infra.local.azure.core.world import World
from infra.local.azure.services.telemetry.notes import note, noted

WEB_TEST = "Microsoft.Insights/webtests"
service = Service("web_tests")


@service.every(60)
def run(world: World) -> None:
    """Ask every address, and note what the last time has answered."""
    for row in world.of_type(WEB_TEST):
        properties = row["properties"]
        url = str((properties.get("Request") or {}).get("RequestUrl", ""))
        if properties.get("Enabled", True) and url:
            outbox.look(world, url, f"web test {row['name']}")


@service.every(5)
def hear(world: World) -> None:
    """Note what came back."""
    for key, row in list(world.table("outbox heard").rows("web test ")):
        note(world, key, 1 if 200 <= int(row["status"]) < 300 else 0)
        world.table("outbox heard").delete(key)


def tested(world: World) -> list[str]:
    """Return the names of the tests that have run at least once."""
    return [key.removeprefix("web test ") for key, _ in world.table("note").rows("web test ")]


def since(world: World, name: str) -> float:
    """Return when a test has answered first."""
    return float(
        (world.table("note").peek(f"web test {name}") or {"changes": [[world.now, 1]]})["changes"][0][0]
    )


def passed(world: World, name: str, at: float) -> bool:
    return noted(world, f"web test {name}", at, 1) == 1
