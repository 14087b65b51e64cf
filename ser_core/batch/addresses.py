"""Addresses of recordings, as fsspec takes them: what is one, and what of one is shown."""

import os
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)")
_SECRET = re.compile(r"(?i)^(x-amz-|x-goog-|aws|sig|signature|expires|.*(token|key|secret|pass))")


def is_address(path: str) -> bool:
    """Say whether a path is one of fsspec's addresses, such as "s3://bucket/clip.wav"."""
    return bool(_ADDRESS.match(path)) and not os.path.lexists(path)


def public_address(address: str) -> str:
    """Return an address without passwords, tokens and signatures.

    >>> public_address("https://user:pass@host/a.wav?id=5&X-Amz-Signature=abc")
    'https://host/a.wav?id=5'
    """
    # A name whose bytes are no text must still be one in a table.
    text = address.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "::".join(map(_public_link, text.split("::"))) if _ADDRESS.match(text) else text


def _public_link(link: str) -> str:
    if "?" not in link and "@" not in link:
        return link
    parts = urlsplit(link)
    kept = [(k, v) for k, v in parse_qsl(parts.query, True) if not _SECRET.match(k)]
    user, at, host = parts.netloc.rpartition("@")
    if at and ":" not in user and not parts.scheme.startswith("http"):
        host = parts.netloc  # "a@b.wav" in an archive is a name
    return urlunsplit((parts.scheme, host, parts.path, urlencode(kept), parts.fragment))
