"""`python -m infra.local`: host, app and simulated Azure on one machine, until Ctrl-C."""

import argparse
import asyncio
import json
import logging
import os
import sys
from pathlib import Path

from infra.local.azure import StateUnusable
from infra.local.drill.alerting import action_group
from infra.local.host.errors import HostError
from infra.local.host.host import serve
from infra.local.machine import ROOT, SAMPLE_ESTATE, Machine
from shared.errors import EstateInvalid
from shared.model.estate import ContainerApp, Estate, Role, TrafficRoute
from shared.model.plan import PlanKind


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("--port", type=int, default=7071, help="the port on 127.0.0.1 (7071)")
    parser.add_argument(
        "--state", type=Path, default=ROOT / ".local" / "host.db", help="where everything is kept"
    )
    parser.add_argument(
        "--estate", type=Path, default=SAMPLE_ESTATE, help="the estate file (the sample estate)"
    )
    parser.add_argument("--speed", type=float, default=30.0, help="simulated seconds in a real one (30)")
    parser.add_argument("--seed", type=int, default=0, help="what chance in the simulated Azure begins with")
    parser.add_argument(
        "--azure", metavar="URL", help="a simulated Azure that runs already, instead of an own one"
    )
    options = parser.parse_args()
    if not 0 < options.speed <= 1000:
        parser.error("--speed must be above 0 and at most 1000")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        machine = Machine(
            options.port,
            options.state.resolve(),
            options.speed,
            options.seed,
            options.estate,
            options.azure,
        )
        asyncio.run(_serve(machine))
    except (EstateInvalid, StateUnusable, HostError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(machine: Machine) -> None:
    await serve(machine, lambda: print(welcome(machine), flush=True))


def welcome(machine: Machine) -> str:
    """What somebody wants to know who has just started it: every line can be pasted as it stands."""
    url, estate = machine.host.url, machine.estate
    people = "\n".join(
        f"    {person.mail:<24}{', '.join(role.value for role in person.roles)}" for person in estate.people
    )
    return f"""Foundry Ops at {url}: {machine.host.function_count} functions, \
simulated Azure at {machine.azure_url}, {machine.speed:g} times its speed

{_outage(url, estate)}{_incident(machine)}
Look around:
    curl -H 'X-Local-User: {estate.people[0].mail}' {url}/api/plans
    curl -H 'X-Local-User: {estate.people[0].mail}' {url}/api/runs
    curl -H 'X-Local-User: {estate.people[0].mail}' {url}/api/incidents
    curl {url}/_sim/ledger
Who may do what (the header X-Local-User plays the sign-in):
{people}

Ctrl-C stops it; started again, everything goes on."""


def _incident(machine: Machine) -> str:
    """How to let the alert rules call the app, and give them something to see."""
    path, body = action_group(machine.estate.subscription_id, machine.host.url)
    app = next(iter(machine.estate.of_kind(ContainerApp)), None)
    if app is None:
        return ""
    fault = {"kind": "endpoint_down", "target": app.resource_id.rsplit("/", 1)[-1], "cured_by": "restart"}
    return f"""Let alert rules call this app, then break something small: its incident opens, is remedied, closes:
    curl -s -X PUT -H 'x-sim-host: management.azure.com' -H 'Authorization: Bearer me' '{machine.azure_url}{path}' \
-d '{json.dumps(body)}'
    curl -X POST {machine.host.url}/_sim/faults -d '{json.dumps(fault)}'
"""


def _outage(url: str, estate: Estate) -> str:
    """How to take the region away and bring it back, with the people that this estate has for it."""
    routes, policy = estate.of_kind(TrafficRoute), estate.approvals[PlanKind.RECOVERY]
    operators = [person for person in estate.people if Role.OPERATOR in person.roles]
    if not routes or not operators:
        return ""
    region = routes[0].region
    starter = next((person for person in operators if Role.APPROVER not in person.roles), operators[0]).mail
    agreeing = [mail for mail in policy.approvers if mail != starter][: policy.required]
    approving = f"""    for who in {" ".join(agreeing)}; do curl -X POST -H "X-Local-User: $who" \
{url}/api/runs/$RUN/approvals -d '{{"decision": "approve", "reason": "go ahead"}}'; done
"""
    return f"""Take the primary region away, and see what its tenants get:
    curl -X POST {url}/_sim/faults -d '{{"kind": "region_outage", "target": "{region}"}}'
    curl -s {url}/_sim/world | python3 -c 'import json, sys; \
print(json.dumps(json.load(sys.stdin)["traffic"], indent=2))'
Start the plan, and approve it as others than who started it:
    RUN=$(curl -s -X POST -H 'X-Local-User: {starter}' {url}/api/recovery/region_outage \
-d '{{"mode": "real", "reason": "{region} is out", "outage_started_at": "'$(date -u +%FT%TZ)'"}}' \
| grep -o 'recovery-[^"/]*' | head -n 1); echo $RUN
{approving if agreeing else ""}Watch it, and read its report:
    curl -s -H 'X-Local-User: {starter}' {url}/api/runs/$RUN | python3 -m json.tool
    curl -s -H 'X-Local-User: {starter}' {url}/api/runs/$RUN/report -o report.html
"""


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Activities may still be in calls that wait; everything that matters has been committed.
    os._exit(status)
