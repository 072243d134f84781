"""Who may run what from the queue: groups of users, as `config/access.toml` says them.

Facts alone; who holds them against what is submitted is `daq.queue.judge`.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import Field, model_validator

from beam import facts, overlay
from beam.facts import Facts

FILE = "access.toml"
PRIMARY = "primary"
"""What clients that know of no groups say."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Pattern = Annotated[str, Field(pattern=r"^[\w.*?@-]{1,100}$")]
Amount = Annotated[float, Field(allow_inf_nan=False)]


class Limit(Facts):
    """A range for a parameter of plans, or for where a device goes, whatever the plan."""

    parameter: str | None = Field(default=None, description="a parameter of plans, such as dwell_s")
    plans: list[Pattern] = Field(default=["*"], description="the plans whose parameter is meant")
    device: str | None = Field(default=None, description="a device, such as temperature or sample_stage.x")
    low: Amount | None = Field(default=None, description="the lowest value, in the parameter's or the device's unit")
    high: Amount | None = Field(default=None, description="the highest value")
    beyond: Literal["refused", "approval"] = Field(default="refused", description="what becomes of other values")

    @model_validator(mode="after")
    def _of_one_thing(self) -> Limit:
        if (self.parameter is None) == (self.device is None):
            raise ValueError("parameter or device must be given, and only one of them")
        if self.low is None and self.high is None:
            raise ValueError("low or high must be given, or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low = {self.low:g} lies above high = {self.high:g}")
        return self


class Group(Facts):
    """What the members of one group may; ``*`` in a pattern stands for anything, a device's name for all its parts."""

    says: Annotated[str, Field(max_length=120)] = Field(default="", description="who they are, in a line")
    members: list[Pattern] = Field(default=[], description="names of users, also as patterns")
    may_approve: bool = Field(default=False, description="whether they approve what others submit")
    plans: list[Pattern] = Field(default=["*"], description="the plans that they may submit")
    not_plans: list[Pattern] = Field(default=[], description="but for these")
    devices: list[Pattern] = Field(default=["*"], description="the devices that they may name in a plan's arguments")
    not_devices: list[Pattern] = Field(default=[], description="but for these")
    approval_plans: list[Pattern] = Field(default=[], description="plans that wait until they are approved")
    approval_devices: list[Pattern] = Field(default=[], description="devices whose naming makes a plan wait for that")
    limit: list[Limit] = Field(default=[], description="ranges")


class Access(Facts):
    """The groups of a facility."""

    schema_version: Literal[1]
    default_group: Name = Field(description="the group of who is a member of none")
    owner_group: Name = Field(description="the group of who started the queue")
    groups: dict[Name, Group]

    @model_validator(mode="after")
    def _names_groups(self) -> Access:
        for key in ("default_group", "owner_group"):
            if (name := getattr(self, key)) not in self.groups:
                raise ValueError(f"{key} = {name!r}: the groups are {', '.join(self.groups)}")
        for name in self.groups:
            if name in (PRIMARY, "root"):
                raise ValueError(f"groups.{name}: this name is taken by the queue's manager")
        return self

    def group_of(self, user: str, owner: str) -> str:
        """Return the group of a user: that which names the user, that of the owner, or the default."""
        named = (name for name, group in self.groups.items() if matches(user, group.members))
        return next(named, self.owner_group if user == owner else self.default_group)


OPEN = Access(
    schema_version=1,
    default_group="user",
    owner_group="user",
    groups={"user": Group(says="everybody: the configuration has no access.toml", may_approve=True)},
)
"""Where a configuration says nothing: everybody may everything."""


def matches(name: str, patterns: list[str]) -> bool:
    """Return whether one of the patterns fits."""
    return any(fnmatchcase(name, one) for one in patterns)


def load(directory: str | os.PathLike[str] | None = None) -> Access:
    """Read a configuration's groups; `OPEN` where it has none.

    Raises
    ------
    ConfigError
        The file is malformed; the message names file, key, value and what is allowed.
    """
    root = facts.config_dir(directory)
    path = overlay.find(root, FILE)
    return facts.validate(Access, overlay.read(root, FILE), path) if path.is_file() else OPEN
