"""`python -m infra.local.host --app DIR --port N [--state FILE]`: the host alone, for any app."""

import argparse
import logging
from pathlib import Path

from infra.local.host.host import LocalHost, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.host", description=__doc__)
    parser.add_argument("--app", type=Path, required=True, help="the folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=7071, help="the port on 127.0.0.1 (7071)")
    parser.add_argument("--state", type=Path, help="the state file (DIR/.local/host.db)")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for name in ("azure", "httpx", "grpc", "aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    app: Path = arguments.app
    host = LocalHost(app, arguments.port, arguments.state or app / ".local" / "host.db")
    run(host, lambda: print(f"Functions host on {host.url} with {host.function_count} functions", flush=True))


main()
