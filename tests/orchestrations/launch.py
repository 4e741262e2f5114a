"""A host for the test app, where people of the estate sign in; also a robot, and somebody whom nobody knows."""

import argparse
import logging
import os
import sys
from pathlib import Path

from infra.local.host.host import LocalHost, run
from infra.local.machine import client_principal
from shared.estate.load import load
from shared.model.estate import Person

APP = Path(__file__).parent / "app"
ROLES = ("Reader", "Operator", "Approver")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for name in ("azure", "httpx", "grpc", "aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    estate = load(Path(os.environ["ESTATE_FILE"]))

    def principal(mail: str) -> dict[str, object] | None:
        person = estate.person_by_mail(mail)
        if person is not None:
            return client_principal(person)
        stranger = Person(
            name=mail,
            mail=mail,
            tenant_id="11111111-1111-4111-8111-111111111111",
            object_id="33333333-3333-4333-8333-333333333333",
            roles=ROLES,
        )
        claims = client_principal(stranger)
        if mail == "robot@contoso.com":
            # An application that was given bob's identity, so that nothing but `idtyp` tells them apart.
            bob = estate.person_by_mail("bob@contoso.com")
            assert bob is not None
            claims = client_principal(bob)
            claims["claims"] = [*claims["claims"], {"typ": "idtyp", "val": "app"}]
        return claims if mail in {"robot@contoso.com", "mallory@contoso.com"} else None

    host = LocalHost(APP, arguments.port, arguments.state, principals=principal)

    def ready() -> None:
        sys.stdout.write(f"Functions host on {host.url} with {host.function_count} functions\n")
        sys.stdout.flush()

    run(host, ready)


if __name__ == "__main__":
    main()
