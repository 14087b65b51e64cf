"""The tab about what this is for, what becomes of recordings, and how programs call it."""

import gradio as gr

from ..api.snippets import ADDRESS, SNIPPETS, SNIPPETS_SCRIPT
from ..look import text
from ..look.markup import Markup, fill, join, notice, paragraph, section, table
from ..page import Page
from ..settings import MOST_COMPARED, UPLOAD_AGE


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    for part in (use(), privacy(page), limits(page), endpoints()):
        gr.HTML(part)
    settings = page.settings
    shown = snippets(mcp=settings.mcp, login=bool(settings.auth))
    gr.HTML(shown, js_on_load=SNIPPETS_SCRIPT, elem_id="snippets")


def use() -> Markup:
    """Say what the answers are good for, and what they must not be used for."""
    return section(text.USE, bullets(text.USE_POINTS))


def privacy(page: Page) -> Markup:
    """Say what becomes of a recording, and of feedback where there is any."""
    points = [point.format(minutes=UPLOAD_AGE / 60) for point in text.PRIVACY_POINTS]
    note = text.PRIVACY_NOTE
    if page.feedback is not None:
        note = text.PRIVACY_NOTE_FEEDBACK
        points.append(text.PRIVACY_FEEDBACK.format(repo=page.feedback.repo))
    return section(text.PRIVACY, bullets(points), note=note)


def limits(page: Page) -> Markup:
    """Tabulate what this server takes."""
    settings = page.settings
    rows = [
        (name, value.format(most=MOST_COMPARED, **settings.model_dump()))
        for name, value in text.ABOUT_LIMITS
    ]
    return section(text.ABOUT_LIMITS_TITLE, table(text.ABOUT_LIMITS_HEADERS, rows, numeric=1))


def endpoints() -> Markup:
    """Tabulate the endpoints."""
    rows = [
        (fill("<code>{name}</code>", name=name), takes, answers)
        for name, takes, answers in text.ENDPOINTS
    ]
    drawn = table(text.ENDPOINTS_HEADERS, rows, stack=True)
    return section(text.ENDPOINTS_TITLE, drawn, note=text.ENDPOINTS_NOTE)


def snippets(*, mcp: bool, login: bool = False) -> Markup:
    """Show how to call the endpoints from everywhere; the page puts its own address in.

    Args:
        mcp: whether the server has tools for language models.
        login: whether it asks for a name and a password.
    """
    shown = join(
        fill(
            '<figure class="ser-snippet"><figcaption><h3>{name}</h3>'
            '<button class="ser-copy" aria-label="{copy} {name}">{copy}</button></figcaption>{note}'
            '<pre tabindex="0" role="region" aria-label="{name}"><code data-language="{language}">'
            "{code}</code></pre></figure>",
            name=name,
            note=notice(text.MCP_OFF) if language == "mcp" and not mcp else paragraph(note),
            copy=text.COPY,
            language=language,
            code=SNIPPETS[language],
        )
        for language, name, note in text.SNIPPET_NAMES
    )
    status = fill(
        '<p class="ser-hidden" role="status" data-copied="{copied}" data-address="{address}"></p>',
        copied=text.COPIED,
        address=ADDRESS,
    )
    return section(text.SNIPPETS_TITLE, notice(text.LOGIN_NOTE) if login else "", shown, status)


def bullets(points: list[str] | tuple[str, ...]) -> Markup:
    """Sentences as a list."""
    items = join(fill("<li>{point}</li>", point=point) for point in points)
    return fill('<ul class="ser-points">{items}</ul>', items=items)
