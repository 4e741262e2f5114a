"""What the world sends outside survives the process that was to send it."""

import time

from infra.local.azure.core import outbox
from tests.infra.local.azure.conftest import Azure
from tests.infra.local.azure.test_alert_rules import App


def until(found):
    deadline = time.monotonic() + 20
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_was_not_sent_yet_is_sent_by_the_next_process(tmp_path):
    app, first = App(), Azure(tmp_path / "azure.db")
    try:
        first.inside(lambda world: outbox.send(world, "http://127.0.0.1:9/", {"alert": 1}, "nobody is there"))
        until(
            lambda: (
                first.inside(lambda world: [row["answers"] for _, row in world.table("outbox").rows()])
                != [[]]
            )
        )

        def lead_on(world):
            ((key, row),) = world.table("outbox").rows()
            assert row["answers"] == ["ClientConnectorError"]
            world.table("outbox").put(key, {**row, "url": app.url})

        first.inside(lead_on)
        first.close()
        second = Azure(tmp_path / "azure.db", first.clock)
        second.advance(5)
        until(lambda: app.came == [{"alert": 1}])
        until(
            lambda: second.inside(
                lambda world: all("ended" in row for _, row in world.table("outbox").rows())
            )
        )
        second.advance(600)
        time.sleep(0.3)
        assert len(app.came) == 1
        second.close()
    finally:
        app.close()


def test_only_the_newest_that_are_over_are_kept(azure):
    def many(world):
        for number in range(outbox.KEPT + 50):
            key = outbox.send(world, "http://127.0.0.1:9/", {}, str(number))
            row = world.table("outbox").get(key)
            world.table("outbox").put(key, {**row, "ended": float(number)})
        outbox.send(world, "http://127.0.0.1:9/", {}, "last")
        kept = [row for _, row in world.table("outbox").rows() if "ended" in row]
        return len(kept), min(row["ended"] for row in kept)

    assert azure.inside(many) == (outbox.KEPT, 50.0)
