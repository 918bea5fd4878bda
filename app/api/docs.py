"""The readable documentation at ``docs``: Swagger UI from our own files; no other host is asked for anything."""

from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"


class _LongCached(StaticFiles):
    """The page asks for its files with the version of Swagger UI in the address, so they may stay in caches."""

    def file_response(self, *args, **options) -> Response:
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def install(api: FastAPI) -> None:
    async def docs(request: Request) -> Response:
        return FileResponse(STATIC / "docs.html", headers={"Cache-Control": "no-cache"})

    async def root(request: Request) -> Response:
        return RedirectResponse("docs")

    api.add_route("/docs", docs, include_in_schema=False)
    api.add_route("/", root, include_in_schema=False)
    api.mount("/static", _LongCached(directory=STATIC))
