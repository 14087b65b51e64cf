"""What a visitor and a program do at a site that has a certificate of its own making.

python -m tests.support.site_client ADDRESS CERTIFICATE RECORDING    # prints JSON
"""

import json
import re
import ssl
import sys
from urllib.parse import urljoin

import httpx
from gradio_client import Client, handle_file

PATIENCE = 60  # [s] a busy machine may need for one request
MEGABYTE = 1_000_000


def ask(address: str, certificate: str, recording: str) -> dict:
    """Ask the site at an address, "https://localhost/emotion/", for all it has.

    Args:
        address: of the page.
        certificate: file of the only certificate that is trusted.
        recording: file of speech.

    Returns:
        JSON-ready dict: what `tests/deploy/test_compose.py` looks at.
    """
    trusted = ssl.create_default_context(cafile=certificate)
    http = httpx.Client(timeout=PATIENCE, verify=trusted, trust_env=False)
    plain = address.replace("https://", "http://")
    top = urljoin(address, "/")
    page = http.get(address).text
    parts = re.findall(r'(?:src|href)="([^"#]+)"', page)
    client = Client(
        address, ssl_verify=trusted, verbose=False, analytics_enabled=False, download_files=False
    )
    return {
        "health": http.get(f"{address}health").json(),
        "redirects": [
            http.get(place).headers.get("location")
            for place in (f"{plain}?tab=live", top, f"{address[:-1]}?lang=de")
        ],
        "parts": {
            urljoin(address, part): http.get(urljoin(address, part)).status_code
            for part in dict.fromkeys(parts)
        },
        "root": client.config["root"],
        "prediction": client.predict(handle_file(recording), api_name="/predict_all"),
        "streamed": read_first(http, f"{address}gradio_api/heartbeat/a-visitor"),
        "uploads": [
            (answer.status_code, answer.headers["content-type"].split(";")[0])
            for answer in (upload(http, address, size * MEGABYTE) for size in (1, 51, 60))
        ],
    }


def read_first(http: httpx.Client, address: str) -> str:
    """The first part of a stream that has no end, or what kept it."""
    try:
        with http.stream("GET", address) as stream:
            return next(stream.iter_text())
    except httpx.ReadTimeout as error:
        return repr(error)


def upload(http: httpx.Client, address: str, size: int) -> httpx.Response:
    return http.post(f"{address}gradio_api/upload", files={"files": ("a.wav", bytes(size))})


if __name__ == "__main__":
    print(json.dumps(ask(*sys.argv[1:])))
