"""Serve a build of the browser edition on this machine: python web/serve.py [FOLDER] [--port 7870].

A browser gives microphone and service worker to pages of this machine as it does to https://. The
policy that the page states is sent with every file, so that it holds in its workers, too.
"""

import argparse
import contextlib
import re
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')


class Handler(SimpleHTTPRequestHandler):
    """Serves files with the page's policy."""

    policy = ""

    def end_headers(self) -> None:
        """Add it to whatever is answered."""
        self.send_header("Content-Security-Policy", self.policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


def make_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Make a server of a build.

    Args:
        folder: that `make web` wrote.
        port: int; 0 for any that is free.

    Raises:
        SystemExit: there is no build.
    """
    page = folder / "index.html"
    if not page.is_file():
        raise SystemExit(f"There is no page in {folder}: build it with make web.")
    found = POLICY.search(page.read_text("utf-8"))
    assert found, "index.html states a policy"
    kinds = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}
    settings = {"policy": unescape(found[1]), "extensions_map": kinds}
    handler = type("BuildHandler", (Handler,), settings)
    return ThreadingHTTPServer(("127.0.0.1", port), partial(handler, directory=str(folder)))


def main() -> None:
    """Serve until it is interrupted."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent / "dist")
    parser.add_argument("--port", type=int, default=7870)
    given = parser.parse_args()
    with make_server(given.folder, given.port) as server:
        print(f"http://127.0.0.1:{server.server_port}/")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
