"""Ports for servers of tests."""

import random
import socket
from contextlib import suppress

PORTS = range(20_000, 32_000)
"""Below those that systems give to connections, one of which would take a free port meanwhile."""


def free_port() -> int:
    """A port that nobody listens at, drawn at random: processes side by side hardly share it."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port
