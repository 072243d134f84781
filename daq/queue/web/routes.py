"""What bluesky-httpserver does not have: approving and rejecting what waits."""

from __future__ import annotations

from typing import Any, Literal

from bluesky_httpserver.authentication import get_current_principal
from bluesky_httpserver.resources import SERVER_RESOURCES
from fastapi import APIRouter, Security
from pydantic import BaseModel, Field

router = APIRouter(prefix="/api/terasu")
MAY_CONTROL = Security(get_current_principal, scopes=["write:queue:control"])


class Decision(BaseModel):
    """About which item, and why."""

    item: str = Field(min_length=1, max_length=200)
    why: str = Field(default="", max_length=500)


@router.post("/{action}")
async def decide(action: Literal["approve", "reject"], decision: Decision, _: Any = MAY_CONTROL) -> Any:
    """Approve or reject an item; the manager decides whether the user may."""
    manager: Any = SERVER_RESOURCES.RM
    return await manager.send_request(method=action, params=decision.model_dump())
