"""A session's hold on its station: the lease, its check before each motion, and the guard process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from beamlines import DeviceTree
from daq import paths
from daq.errors import Refused
from daq.guardian.orders import Address, Orders
from daq.guardian.start import Guardian
from daq.lease import Lease, Place
from daq.lease.takeovers import path as takeovers_path
from daq.origin import token_pv
from devices import Instrument, Shutter, permission
from devices.signals import DeviceSignal


@contextmanager
def holding(
    place: Place,
    what: str,
    tree: DeviceTree,
    data_dir: Path,
    *,
    take: bool,
    token: str | None,
    guarded: bool,
    say: Callable[[str], None],
) -> Iterator[Lease]:
    """Hold a station: from the beginning to the end nobody else moves it, and without holding it nothing here moves.

    Parameters
    ----------
    place
        Which files stand for it.
    what
        What for.
    tree
        Its devices, connected.
    data_dir
        Where take-overs and the guard's log are kept.
    take
        Whether to take it from another holder.
    token
        That of its servers, if they are simulated.
    guarded
        Whether its servers go on when this process dies, so that somebody has to close the shutter then.
    say
        Takes one line for the user.

    Raises
    ------
    daq.lease.Held
        By somebody else.
    """
    lease = Lease(place, what, log=takeovers_path(data_dir), say=say)
    lease.acquire(take=take)
    with ExitStack() as stack:
        stack.callback(lease.release)
        guardian = Guardian(orders(lease, tree, data_dir, token), say)
        stack.callback(guardian.end)

        def ask(name: str, value: Any) -> None:
            lease.check(name, value)
            guardian.note(name)

        stack.callback(permission.require(ask))
        if guarded:
            guardian.start()
            lease.on_beat(guardian.beat)
        yield lease


@contextmanager
def looking_only() -> Iterator[None]:
    """Hold nothing, and move nothing."""

    def refuse(name: str, _value: Any) -> None:
        raise Refused(f"{name}: this session only looks; it does not hold the station, so nothing moves")

    with ExitStack() as stack:
        stack.callback(permission.require(refuse))
        yield


def shutters(tree: DeviceTree) -> list[Shutter]:
    """Return the devices that play the role of the shutter."""
    found: Any = tree.roles.get("shutter", [])
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Shutter)]


def orders(lease: Lease, tree: DeviceTree, data_dir: Path, token: str | None) -> Orders:
    """Return what the guard of an engine is told."""
    return Orders(
        station=lease.place.station,
        holder=lease.me.record(),
        lock=str(lease.place.lock),
        request=str(lease.place.request),
        descriptor=lease.descriptor,
        remove=lease.place.simulated,
        close=tuple(_address(one.name, one.close_command, state=one.indicator.address) for one in shutters(tree)),
        stop=tuple(
            _address(one.name, signal)
            for device in tree.devices.values()
            for one in _instruments(device)
            if (signal := getattr(one, "stop_motion", None)) is not None
        ),
        token_pv=token_pv(tree.facts.prefix) if token is not None else "",
        token=token or "",
        logs=str(paths.log_dir(data_dir)),
    )


def _instruments(device: Any) -> Iterator[Instrument]:
    if isinstance(device, Instrument):
        yield device
        for part in device.parts.values():
            yield from _instruments(part)


def _address(name: str, signal: DeviceSignal, state: str = "") -> Address:
    if signal.tango is not None:
        device, command = signal.tango
        return Address(name, tango=device, command=command, state=state and "State")
    return Address(name, pv=signal.address, state=state)
