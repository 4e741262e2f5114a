"""`python -m shared.evidence verify FILE [--key FILE]`: 0 when the bundle is genuine, 1 when it is not."""

import argparse
import sys
from pathlib import Path

from shared.evidence import keys
from shared.evidence.verify import NotGenuine, verify


def main(arguments: list[str] | None = None) -> int:
    """Say in one line whether a bundle is as it was sealed."""
    parser = argparse.ArgumentParser(prog="python -m shared.evidence", description="Check evidence bundles.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("verify", help="whether a bundle is exactly as it was sealed")
    check.add_argument("file", type=Path, metavar="FILE", help="the bundle")
    check.add_argument(
        "--key", type=Path, metavar="FILE", help="the trusted public key: PEM, JWK, or `az keyvault key show`"
    )
    given = parser.parse_args(arguments)
    try:
        trusted = keys.read(given.key.read_bytes()) if given.key else None
    except (OSError, ValueError) as error:
        return _fail(f"{given.key} holds no public key: {error}")
    try:
        found = verify(given.file.read_bytes(), trusted)
    except OSError as error:
        return _fail(f"{given.file} cannot be read: {error.strerror}")
    except NotGenuine as error:
        return _fail(f"{given.file} is NOT genuine: {error}")
    if not found.trusted:
        sys.stderr.write(
            "warning: checked with the key that the bundle itself brings, which proves that it is in one piece "
            "but not who sealed it: name the key that you trust with --key\n"
        )
    sys.stdout.write(
        f"{given.file} is genuine: {found.run_id}, {found.lines} lines, sealed {found.sealed_at} "
        f"with {found.key_id}\n"
    )
    return 0


def _fail(why: str) -> int:
    sys.stdout.write(f"{why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
