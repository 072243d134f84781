"""Lets the manager know who asked, whatever was asked: bluesky-httpserver tells it only where an item is added."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from bluesky_httpserver.authentication import get_api_key, get_current_principal, oauth2_scheme
from bluesky_httpserver.settings import get_settings
from bluesky_httpserver.utils import get_api_access_manager, get_authenticators
from bluesky_queueserver_api.zmq.aio import REManagerAPI
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import SecurityScopes

WHO: ContextVar[str] = ContextVar("who", default="")
"""The user whose request is being answered."""
OWN = Depends(oauth2_scheme), Depends(get_api_key), Depends(get_settings), Depends(get_authenticators)
ACCESS = Depends(get_api_access_manager)


async def principal(
    request: Request,
    security_scopes: SecurityScopes,
    access_token: Any = OWN[0],
    api_key: Any = OWN[1],
    settings: Any = OWN[2],
    authenticators: Any = OWN[3],
    api_access_manager: Any = ACCESS,
) -> Any:
    """Return who asks, as the server's own function does, and remember the name."""
    found: Any = await run_in_threadpool(
        get_current_principal,
        request,
        security_scopes,
        access_token,
        api_key,
        settings,
        authenticators,
        api_access_manager,
    )
    WHO.set(str(found.identities[0].id) if found is not None and found.identities else "")
    return found


class NamedAPI(REManagerAPI):
    """Asks the manager in the name of the user."""

    async def send_request(self, *, method: str, params: dict[str, Any] | None = None) -> Any:
        """Ask, and say for whom."""
        if name := WHO.get():
            params = {"user": name, **(params or {})}
        return await super().send_request(method=method, params=params)
