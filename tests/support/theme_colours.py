"""The page's own colours, light and dark, and how far what is drawn must stand out from them."""

from ser_core.ui.look.theme import THEME

DRAWN = 3.0  # WCAG 2.2 AA, pictures
SIDES = ("light", "dark")
BACKGROUNDS = {
    "light": (THEME.body_background_fill, THEME.block_background_fill),
    "dark": (THEME.body_background_fill_dark, THEME.block_background_fill_dark),
}


def value(setting: str, side: str = "light") -> str:
    """Look a theme's setting up, such as "*neutral_50", down to "#rrggbb"."""
    while setting.startswith("*"):
        name = setting[1:]
        dark = getattr(THEME, f"{name}_dark", None) if side == "dark" else None
        setting = dark or getattr(THEME, name)
    return "#ffffff" if setting == "white" else setting
