"""Whatever a body looks like, it is answered with an error of Azure's shape, and the world goes on."""

import asyncio
import json
import logging
import random

import pytest

from infra.local.azure import ManualClock, Simulator, open_world
from infra.local.azure.core.http import Request

VALUES = [None, 1, "x", [], {}, ["a"], {"a": 1}, True, -1, "Japan West"]
NAMES = [
    *("properties", "location", "failoverPolicies", "region", "template", "parameters", "mode", "resource"),
    *("throughput", "autoscaleSettings", "endpoints", "TTL", "CNAMERecord", "priority", "endpointStatus"),
    *("target", "configuration", "ingress", "traffic", "scale", "containers", "managedEnvironmentId", "tags"),
    *("sku", "locations", "name", "type", "resources", "trafficRoutingMethod"),
]
ACTIONS = [
    *("", "", "/failoverPriorityChange", "/offlineRegion", "/onlineRegion", "/stop", "/start", "/failover"),
    *(
        "/migrateToAutoscale",
        "/retrieveContinuousBackupInformation",
        "/restart",
        "/x",
        "/revisions",
        "/CNAME/api",
    ),
    *("/providers/Microsoft.Resources/deployments/d" + end for end in ("", "/whatIf", "/validate")),
]


def body(chance, depth=0):
    kind = chance.random()
    if depth > 3 or kind < 0.35:
        return chance.choice(VALUES)
    if kind < 0.5:
        return [body(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return {chance.choice(NAMES): body(chance, depth + 1) for _ in range(chance.randint(0, 6))}


@pytest.mark.parametrize("seed", [1, 2])
def test_odd_bodies_neither_break_answers_nor_the_clockwork(seed, caplog):
    caplog.set_level(logging.CRITICAL)
    chance = random.Random(seed)
    world = open_world(clock=ManualClock())
    simulator = Simulator(world)
    ids = [row["id"] for _, row in world.resources.rows()]

    async def all_of_them():
        for number in range(3000):
            method = chance.choice(["PUT", "PATCH", "POST"])
            path = chance.choice(ids) + chance.choice(ACTIONS)
            content = json.dumps(body(chance)).encode()
            headers = {"authorization": "Bearer local"}
            request = Request(method, "management.azure.com", path, {"api-version": "1"}, headers, content)
            answer = await simulator.answer(request)
            assert answer.status < 500, (method, path, content)
            if answer.status >= 400:
                assert answer.body["error"]["code"]
            if number % 50 == 0:
                world.clock.advance(chance.choice([1, 10, 100]))
                with world.transaction():
                    world.catch_up()

    asyncio.run(all_of_them())
    world.close()
