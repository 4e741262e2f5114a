"""`python -m infra.local.drill`, which is `make drill`."""

import signal
import sys


def main() -> int:
    # While modules load, half a second, there is nothing to clean up: Ctrl-C just ends it, without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from infra.local.drill import command  # noqa: PLC0415 - see above

    return command.main()


if __name__ == "__main__":
    sys.exit(main())
