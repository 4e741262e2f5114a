"""Being home is decided on the world as it was: nothing more is asked for, and nothing less."""

from datetime import UTC, datetime
from typing import Any

from infra.local.drill import truth
from infra.local.drill.home import not_home
from tests.infra.local.drill.test_parts import look


def resting(region: str, *, vault: str = "open", **world: Any) -> truth.Truth:
    """A look at a world in which everything lives in one region, a minute after anything failed."""
    minute = datetime.fromtimestamp(0, UTC).isoformat()
    kept = {"outages": [], "failing_since": None, "minutes": {minute: "1" * 60}, "reason": ""}
    served = {"contoso": {**kept, "healthy": True, "served_by": region}}
    here = {
        "traffic": {"FAS": {"address": "api.x", "requests_per_second": 5, "tenants": served}},
        "resources": {"/vault": {"access": vault, "properties": {"lastGeoFailoverTime": region}}},
        "cosmos": {"agents": {"write_region": region, "offline": []}},
        "search": {
            "srch-east": {"aliases": {"agents": "agents-1"}, "indexes": {"agents-1": 3}},
            "srch-west": {"aliases": {}, "indexes": {}},
        },
    }
    return look(**{**here, **world})


def test_home_is_where_everything_was_and_as_it_was() -> None:
    home = resting("japaneast")
    assert not_home(home, resting("japaneast")) == []
    renamed = {"aliases": {"agents": "agents-2"}, "indexes": {"agents-2": 4}}
    again = {"srch-east": renamed, "srch-west": {"aliases": {}, "indexes": {}}}
    assert not_home(home, resting("japaneast", search=again)) == []
    away = resting(
        "japanwest",
        vault="locked",
        search={"srch-east": {"aliases": {}, "indexes": {}}, "srch-west": renamed},
        cosmos={"agents": {"write_region": "japanwest", "offline": ["japaneast"]}},
    )
    assert not_home(home, away) == [
        "agents writes in japanwest without japaneast; before, it writes in japaneast",
        "srch-east answers to nothing and holds no index; before, it answers to agents",
        "srch-west answers to agents; before, it answers to nothing and holds no index",
        "tenant contoso is served from japanwest, not from japaneast",
        "/vault is not what it was before",
    ]
