"""Run the simulated Azure alone, on a loopback port, until it is stopped."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from infra.local.azure import Simulator, StateUnusable, World, open_world


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.azure", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--estate", type=Path, help="JSON file with ARM resources to put into a new world")
    parser.add_argument("--state", type=Path, help="SQLite file; without it the world ends with the process")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds in a real one")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.speed <= 0:
        parser.error("--speed must be above 0")
    try:
        world = open_world(options.state, estate=options.estate, speed=options.speed, seed=options.seed)
    except (StateUnusable, OSError, ValueError, KeyError) as error:
        print(f"infra.local.azure: {error}", file=sys.stderr)
        return 1
    try:
        asyncio.run(_serve(world, options.port))
    except OSError as error:
        print(f"infra.local.azure: port {options.port}: {error.strerror}", file=sys.stderr)
        return 1
    finally:
        world.close()
    return 0


async def _serve(world: World, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    async with Simulator(world, port) as simulator:
        print(f"simulated Azure at {simulator.url}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
