"""Where a device is: the prefix of its EPICS PVs, or its Tango device; the rest of its facts is the same."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, model_validator

Prefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9_:.{}\-]+$", max_length=50)]
TangoName = Annotated[str, Field(pattern=r"^[a-z0-9_\-]+/[a-z0-9_\-]+/[a-z0-9_\-]+$")]
TangoAddress = Annotated[
    str,
    Field(
        pattern=r"^(tango://[A-Za-z0-9_.\-]+:[0-9]+/)?[A-Za-z0-9_.\-]+/[A-Za-z0-9_.\-]+/[A-Za-z0-9_.\-]+(#dbase=no)?$"
    ),
]


def domain_family_member(tango: str) -> str:
    """Return the name of the device at a Tango address, without the host of its database."""
    return "/".join(tango.removesuffix("#dbase=no").split("/")[-3:])


class Addressed(BaseModel):
    """A device at an address.

    `name` is what Tango calls it, or would call it; `tango` may also name another database than ``TANGO_HOST``, as
    ``tango://host:10000/domain/family/member``, or a server without one, with ``#dbase=no`` at the end.
    """

    name: TangoName
    prefix: Prefix = ""
    tango: TangoAddress | None = None

    @model_validator(mode="after")
    def _one_address(self) -> Addressed:
        if bool(self.prefix) == bool(self.tango):
            have = "both are given" if self.prefix else "neither is given"
            raise ValueError(f"exactly one of prefix (EPICS) and tango says where the device is; {have}")
        return self

    @property
    def address(self) -> str:
        """The EPICS prefix or the Tango address."""
        return self.tango or self.prefix

    @property
    def tango_name(self) -> str:
        """Domain, family and member of its Tango address; empty for an EPICS device."""
        return domain_family_member(self.tango or "")
