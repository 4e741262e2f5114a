"""Host and simulated Azure as a child process that ends with the drill, even when the drill is killed."""

import os
import signal
import sys
import threading

from infra.local.__main__ import main


def _end_with_parent() -> None:
    # The drill holds the other end of this pipe, and an operating system closes it whatever ended the drill.
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Activities may still be in calls that wait; everything that matters has been committed.
    os._exit(status)
