"""Whose pages may show this one in a frame, and what it may ask for there.

A frame of somebody else's page can be made to look like a part of it, and have visitors press or
say what they would not. A Space is meant to be embedded anywhere: without a login it holds nothing
that its owner does not show to everybody. Where it sends visitors' recordings on, as feedback, the
Hub alone may frame it; a page with a login holds what that login opens, so no other site may frame
it, but the Hub, which shows every Space in a frame of its own. The Hub keeps a private Space closed
by itself, with a login of its own.
"""

from ..settings import ANYONE, Settings

HUB = ("'self'", "https://huggingface.co", "https://*.huggingface.co", "https://*.hf.space")
"""Who may frame a page that is no Space, or takes feedback: itself and the Hub."""

POLICY = "microphone=(self), camera=(), display-capture=(), geolocation=()"
"""What the page asks for. In a frame, the page around it has to allow the microphone as well."""


def frame_ancestors(settings: Settings) -> tuple[str, ...]:
    """List who may frame the page, in the words of Content-Security-Policy.

    Args:
        settings: Settings.

    Returns:
        Sources for `frame-ancestors`; ("*",) for everybody.

    >>> frame_ancestors(Settings(space="user/space"))
    ('*',)
    >>> frame_ancestors(Settings(space="user/space", auth=(("ann", "hush"),)))
    ("'self'", 'https://huggingface.co')
    >>> frame_ancestors(Settings(space="user/space", feedback_repo="user/answers")) == HUB
    True
    """
    if settings.frame_ancestors is not None:
        return settings.frame_ancestors
    if settings.auth:
        return HUB[:2] if settings.space else HUB[:1]
    return ANYONE if settings.space and not settings.feedback_repo else HUB


def is_in_hub(settings: Settings) -> bool:
    """Whether the Hub shows the page in a frame, so that its cookies have to go along there.

    Args:
        settings: Settings.

    >>> login = (("ann", "hush"),)
    >>> is_in_hub(Settings(space="user/space", auth=login)), is_in_hub(Settings(auth=login))
    (True, False)
    """
    return HUB[1] in frame_ancestors(settings)


def security_headers(settings: Settings) -> dict[str, str]:
    """Make the headers that every answer has.

    Args:
        settings: Settings.

    Returns:
        Values by name. Where everybody may frame the page there is no policy: "*" would leave out
        pages that come from a file or an editor.
    """
    headers = {"X-Content-Type-Options": "nosniff", "Permissions-Policy": POLICY}
    sources = frame_ancestors(settings)
    if sources != ANYONE:
        headers["Content-Security-Policy"] = f"frame-ancestors {' '.join(sources)}"
    return headers


STORAGE_SCRIPT = """
(() => {
  for (const name of ["localStorage", "sessionStorage"]) {
    try { window[name]; continue; } catch {}
    const kept = new Map();
    const store = {
      getItem: key => kept.get(String(key)) ?? null,
      setItem: (key, value) => { kept.set(String(key), String(value)); },
      removeItem: key => { kept.delete(String(key)); },
      clear: () => kept.clear(),
      key: index => [...kept.keys()][index] ?? null,
      get length() { return kept.size; },
    };
    Object.defineProperty(window, name, { value: store, configurable: true });
  }
})();
"""
"""Where a browser gives a frame of another site no storage, Gradio's page would not begin: it is
given one that lasts as long as the frame does."""
