"""What the catalogue process answers besides Tiled: that it lives, and how far a run is."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from daq.catalogue.feed import Feed

MAX_WAIT_S = 20.0


class Status:
    """An ASGI app that answers `/terasu/...` itself, passes the rest on, and knows when it was last asked.

    ``/terasu/ping`` answers at once; ``/terasu/run?uid=…&wait_s=…`` when the run is complete, refused or found to
    have no journal, or after that time; ``/terasu/settled?wait_s=…`` when every closed run is in the catalogue.
    """

    def __init__(self, app: ASGIApp, feed: Feed, key: str) -> None:
        self.app = app
        self.feed = feed
        self.last_request = time.monotonic()
        self._expected = f"Apikey {key}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            self.last_request = time.monotonic()
            if scope["path"].startswith("/terasu/"):
                response = await self._answer(Request(scope, receive))
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _answer(self, request: Request) -> JSONResponse:
        if not secrets.compare_digest(request.headers.get("authorization", ""), self._expected):
            return JSONResponse({"error": "wrong key"}, 401)
        if request.url.path == "/terasu/ping":
            return JSONResponse({"feeding": self.feed.alive})
        if request.url.path == "/terasu/run":
            return JSONResponse(await self._run(request.query_params))
        if request.url.path == "/terasu/settled":
            settled = await asyncio.to_thread(self.feed.wait_settled, _wait_s(request.query_params))
            return JSONResponse({"settled": settled})
        return JSONResponse({"error": "unknown question"}, 404)

    async def _run(self, query: Any) -> dict[str, str]:
        state, reason = await asyncio.to_thread(self.feed.wait_for, query["uid"], _wait_s(query))
        self.last_request = time.monotonic()
        return {"state": state, "reason": reason}


def _wait_s(query: Any) -> float:
    return min(float(query.get("wait_s", "0")), MAX_WAIT_S)
