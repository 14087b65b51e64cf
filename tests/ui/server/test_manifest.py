"""What the page is called and drawn as outside itself: its files show the mark and the palette."""

from pathlib import Path

import pytest
from PIL import Image

from docs.icons import favicon
from ser_core.config.emotions import BY_NAME
from ser_core.ui.look import text
from ser_core.ui.look.glyphs import LOGO
from ser_core.ui.look.mark import BARS, SIZE
from ser_core.ui.look.theme import PAGE
from ser_core.ui.server import manifest

LARGEST = 60_000  # [bytes] of an icon


def test_the_manifest_names_the_app_and_files_that_are_what_it_says() -> None:
    told = manifest.manifest()
    assert (told["short_name"], told["display"]) == (text.NAME, "standalone")
    assert len(text.NAME) <= 12  # what stands under an icon
    assert "emotion recognition" in str(told["name"])
    found = set()
    for one in told["icons"]:  # type: ignore[attr-defined]
        file = manifest.ICONS / Path(one["src"]).name
        if one["type"] == "image/png":
            with Image.open(file) as image:
                assert "x".join(map(str, image.size)) == one["sizes"]
            found.add((one["purpose"], one["sizes"]))
    assert found == {(p, s) for p in ("any", "maskable") for s in ("192x192", "512x512")}


def test_every_file_is_there_small_and_none_besides() -> None:
    files = {file.name: file.stat().st_size for file in manifest.ICONS.iterdir()}
    assert files.keys() == manifest.FILES.keys()
    assert max(files.values()) < LARGEST
    with Image.open(manifest.ICONS / manifest.THUMBNAIL) as image:
        assert image.size == manifest.THUMBNAIL_SIZE == (1200, 630)


@pytest.mark.parametrize("name", ["icon-512.png", "maskable-512.png", "apple-touch-icon.png"])
def test_the_icons_show_the_mark_in_the_colours_of_today(name: str) -> None:
    with Image.open(manifest.ICONS / name) as image:
        pixels = image.convert("RGBA")
    drawn = {f"#{r:02x}{g:02x}{b:02x}" for _, (r, g, b, a) in pixels.getcolors(1 << 20) if a == 255}
    assert {BY_NAME[emotion].colour for *_, emotion in BARS} <= drawn
    corner = pixels.getpixel((0, 0))
    is_filled = name.startswith(("maskable", "apple"))
    assert corner == ((*bytes.fromhex(PAGE[1:]), 255) if is_filled else (0, 0, 0, 0))


def test_a_maskable_icon_keeps_the_mark_in_the_circle_that_is_always_shown() -> None:
    with Image.open(manifest.ICONS / "maskable-512.png") as image:
        pixels = image.convert("RGB")
    ground, centre = pixels.getpixel((0, 0)), 255.5
    outside = [
        (x, y)
        for x in range(0, 512, 4)
        for y in range(0, 512, 4)
        if (x - centre) ** 2 + (y - centre) ** 2 > (0.4 * 512) ** 2
    ]
    assert {pixels.getpixel(place) for place in outside} == {ground}


def test_the_drawn_file_and_the_header_show_one_mark() -> None:
    assert (manifest.ICONS / "favicon.svg").read_text(encoding="utf-8") == favicon()
    assert favicon().count("<rect") == 2 * len(BARS)
    assert LOGO.count("<rect") == len(BARS)
    assert all(x >= 0 and x <= SIZE for x, *_ in BARS)
