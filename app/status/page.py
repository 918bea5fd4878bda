"""Renders the status page and its JSON twin, and lets caches and browsers keep them for some seconds."""

import base64
import hashlib
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from jinja2 import Environment, FileSystemLoader

from nexdeck.models.percents import percent_words
from nexdeck.services.errors import NotFound
from nexdeck.services.status_page.service import FRESH_SECONDS, StatusPages
from nexdeck.services.status_page.view import PublicStatus

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "status.css").read_text()
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": f"public, max-age={FRESH_SECONDS:.0f}, stale-while-revalidate=60",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
HTML, JSON = "text/html; charset=utf-8", "application/json"


def _moment(at: datetime) -> str:
    return f"{at:%d %b %Y, %H:%M} UTC"


def _lasting(began_at: datetime, ended_at: datetime) -> str:
    minutes = max(1, round((ended_at - began_at).total_seconds() / 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


_pages = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_pages.filters |= {"moment": _moment, "percent": percent_words}
_pages.globals |= {"lasting": _lasting, "style": STYLE}


def mount_status_page(web: FastAPI, pages: StatusPages) -> None:
    router = APIRouter(prefix="/status", include_in_schema=False)

    @router.api_route("/{slug}.json", methods=["GET", "HEAD"])
    async def document(request: Request, slug: str) -> Response:
        status = await _status(pages, slug)
        if status is None:
            return Response('{"detail":"There is no status page at this address."}', 404, media_type=JSON)
        return _answer(request, status.model_dump_json(), JSON)

    @router.api_route("/{slug}", methods=["GET", "HEAD"])
    async def page(request: Request, slug: str) -> Response:
        status = await _status(pages, slug)
        if status is None:
            html = _pages.get_template("nothing.html").render()
            return Response(html, 404, {**HEADERS, "Cache-Control": "no-store"}, HTML)
        return _answer(request, _pages.get_template("status.html").render(status=status, slug=slug), HTML)

    web.include_router(router)


async def _status(pages: StatusPages, slug: str) -> PublicStatus | None:
    try:
        return await pages.public(slug)
    except NotFound:
        return None


def _answer(request: Request, text: str, media_type: str) -> Response:
    content = text.encode()
    headers = {**HEADERS, "ETag": f'"{hashlib.sha256(content).hexdigest()[:20]}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, 200, headers, media_type)
