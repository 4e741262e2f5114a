"""Ports that stay free while a process that listened on one is down."""

import random
import socket

BELOW_EPHEMERAL = range(20_000, 32_000)
"""The kernel gives ports above these to outgoing connections, also the one that a killed host had just now."""


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on, and that no outgoing connection will be given."""
    for port in random.sample(BELOW_EPHEMERAL, 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port between 20000 and 32000")
