"""What the page is called and drawn as outside itself: as an app, in a tab, and where it is shared.

Gradio's own manifest has one icon, redrawn in whatever size a visitor asks for, and its own words
where a link to the page is shown. These are answered without a login, as a browser asks without.
"""

from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ..look import text
from ..look.theme import FIRST_CSS, FONTS, PAGE, PAGE_DARK
from .frames import STORAGE_SCRIPT
from .inside import ROOT

ICONS = Path(__file__).parents[1] / "icons"
THUMBNAIL = "thumbnail.png"
THUMBNAIL_SIZE = (1200, 630)  # [px], which all who show links ask for
SIZES = (192, 512)  # [px] that browsers ask for
FILES = {
    "favicon.svg": "image/svg+xml",
    "favicon.png": "image/png",
    "apple-touch-icon.png": "image/png",
    **{f"{kind}-{size}.png": "image/png" for kind in ("icon", "maskable") for size in SIZES},
    THUMBNAIL: "image/png",
}
"""Kind by name of the files in `ICONS`, which docs/icons.py draws."""

FOLDER, MANIFEST, FAVICON = "/icons/", "/manifest.json", "/favicon.ico"
"""Where they are served, each answered to anybody."""

KEPT = {"Cache-Control": "public, max-age=86400"}


def manifest() -> dict[str, object]:
    """Make the web app manifest (W3C), whose addresses count from where it lies itself."""
    folder = FOLDER.removeprefix("/")
    drawn = [
        {"src": f"{folder}{kind}-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        | {"purpose": "any" if kind == "icon" else kind}
        for kind in ("icon", "maskable")
        for size in SIZES
    ]
    vector = {"src": f"{folder}favicon.svg", "sizes": "any", "type": "image/svg+xml"}
    return {
        "name": text.TITLE,
        "short_name": text.NAME,
        "description": text.SHARE_DESCRIPTION,
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": PAGE,
        "theme_color": PAGE,
        "categories": ["education", "utilities"],
        "icons": [*drawn, vector | {"purpose": "any"}],
    }


def identity_routes() -> list[Route]:
    """Make the routes of the manifest and of the icons."""
    described = manifest()

    async def describe(request: Request) -> Response:
        return JSONResponse(described, media_type="application/manifest+json", headers=KEPT)

    async def draw(request: Request) -> Response:
        name = request.path_params.get("name", "favicon.png")
        if name not in FILES:
            return Response(status_code=404)
        return FileResponse(ICONS / name, media_type=FILES[name], headers=KEPT)

    return [
        Route(MANIFEST, describe),
        Route(FAVICON, draw),
        Route(FOLDER + "{name}", draw),
    ]


def page_head() -> str:
    """Make what the page's head says of it, for browsers and for whoever shows a link to it."""
    width, height = THUMBNAIL_SIZE
    image = f"{ROOT}{FOLDER}{THUMBNAIL}"
    properties = {
        "og:type": "website",
        "og:site_name": text.NAME,
        "og:title": text.TITLE,
        "og:description": text.SHARE_DESCRIPTION,
        "og:url": f"{ROOT}/",
        "og:image": image,
        "og:image:width": str(width),
        "og:image:height": str(height),
        "og:image:alt": text.SHARE_ALT,
    }
    names = {
        "description": text.SHARE_DESCRIPTION,
        "application-name": text.NAME,
        "apple-mobile-web-app-title": text.NAME,
        "twitter:card": "summary_large_image",
        "twitter:title": text.TITLE,
        "twitter:description": text.SHARE_DESCRIPTION,
        "twitter:image": image,
        "twitter:image:alt": text.SHARE_ALT,
    }
    schemes = {"light": PAGE, "dark": PAGE_DARK}
    # Addresses that count from the page's own, so that they hold behind any proxy.
    return "\n".join(
        [
            f"<title>{escape(text.TITLE)}</title>",
            *(_meta("property", name, content) for name, content in properties.items()),
            *(_meta("name", name, content) for name, content in names.items()),
            *(
                f'<meta name="theme-color" media="(prefers-color-scheme: {scheme})" '
                f'content="{colour}" />'
                for scheme, colour in schemes.items()
            ),
            '<link rel="icon" href="./icons/favicon.png" sizes="48x48" type="image/png" />',
            '<link rel="icon" href="./icons/favicon.svg" sizes="any" type="image/svg+xml" />',
            '<link rel="apple-touch-icon" href="./icons/apple-touch-icon.png" />',
            '<link rel="manifest" href="./manifest.json" />',
            *(
                f'<link rel="preload" as="font" type="font/woff2" href="./{font}" crossorigin />'
                for font in FONTS
            ),
            f"<style>{FIRST_CSS}</style>",
            f"<script>{STORAGE_SCRIPT}</script>",
        ]
    )


def _meta(kind: str, name: str, content: str) -> str:
    return f'<meta {kind}="{name}" content="{escape(content)}" />'
