"""`python -m infra.local`: host, app and simulated Azure on one machine, until Ctrl-C."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from infra.local.azure import StateUnusable
from infra.local.host.errors import HostError
from infra.local.host.host import serve
from infra.local.machine import ROOT, SAMPLE_ESTATE, Machine
from shared.errors import EstateInvalid


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
    """What somebody wants to know who has just started it."""
    url = machine.host.url
    people = ", ".join(
        f"{person.mail.split('@')[0]} ({'+'.join(role.value for role in person.roles)})"
        for person in machine.estate.people
    )
    return f"""Foundry Ops at {url}: {machine.host.function_count} functions, \
simulated Azure at {machine.speed:g} times its speed

  plans     curl -H 'X-Local-User: dave@contoso.com' {url}/api/plans
  runs      curl -H 'X-Local-User: dave@contoso.com' {url}/api/runs
  truth     curl {url}/_sim/world        writes  curl {url}/_sim/ledger
  outage    curl -X POST {url}/_sim/faults -d '{{"kind": "region_outage", "target": "japaneast"}}'
  people    {people}

Ctrl-C stops it; started again, everything goes on."""


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Activities may still be in calls that wait; everything that matters has been committed.
    os._exit(status)
