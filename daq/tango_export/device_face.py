"""The face of one device of the tree: attributes of its members, its state, Stop, Abort, and what it can do besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from daq.tango_export.acting import Acting
from daq.tango_export.attributes import attributes
from daq.tango_export.face import STATE, Act, Face, Shown, Touch
from daq.tango_export.names import Named
from daq.tango_export.rights import Rights
from devices.counter import Counter
from devices.shutter import Shutter
from devices.state import State, allowed


def face_of(named: Named, rights: Rights) -> Face:
    """Return what is shown of a device."""
    device, acting = named.device, Acting(named.device)

    def shown() -> list[Shown]:
        return [one for member in named.members for one, _ in attributes(member, acting, rights)]

    def init() -> None:
        # the device itself may not have heard yet that it moves
        allowed(device.name, "Init", acting.stated())
        acting.forget()
        device.init()

    return Face(
        named.name,
        named.tango_class,
        shown,
        acting.stated,
        init,
        lambda touch: _watch(named, acting, rights, touch),
        {**_stops(device, acting, rights), **_actions(device, acting, rights)},
    )


def _stops(device: Any, acting: Acting, rights: Rights) -> Mapping[str, Act]:
    def stop() -> None:
        rights.stop()
        acting.end(lambda: device.stop(success=False))

    def abort() -> None:
        rights.stop()
        acting.end(device.abort)

    return {
        "Stop": Act("End what is under way; whoever waits for it is told that it was stopped.", stop),
        "Abort": Act("The same for all its parts, whatever their state.", abort),
    }


def _actions(device: Any, acting: Acting, rights: Rights) -> Mapping[str, Act]:
    """Return what a kind of device can do that is no value to be written."""

    def act(ask: Callable[[], Any], state: State) -> Callable[[], None]:
        def do() -> None:
            rights.write()
            acting.begin(ask, state)

        return do

    match device:
        case Shutter():
            return {
                "Open": Act("Open it; MOVING until it is.", act(lambda: device.set("open"), State.MOVING)),
                "Close": Act("Close it; MOVING until it is.", act(lambda: device.set("close"), State.MOVING)),
            }
        case Counter():
            return {
                "Start": Act("Count once, for the preset time; RUNNING until then.", act(device.trigger, State.RUNNING))
            }
        case _:
            return {}


def _watch(named: Named, acting: Acting, rights: Rights, touch: Touch) -> Callable[[], None]:
    acting.changed = lambda: touch(STATE)
    by_signal: dict[Any, list[str]] = {one: [STATE] for one in named.device.signals()}
    for member in named.members:
        for shown, signals in attributes(member, acting, rights):
            for one in signals:
                if not shown.shape:
                    by_signal.setdefault(one, []).append(shown.name)

    ends: list[Callable[[], None]] = []
    for signal, names in by_signal.items():

        def changed(_: Any = None, names: list[str] = names, **__: Any) -> None:
            for name in names:
                touch(name)

        signal.subscribe(changed, event_type="meta", run=False)
        ends += [signal.watch(changed), lambda signal=signal, changed=changed: signal.clear_sub(changed)]

    def end() -> None:
        acting.changed = lambda: None
        for one in ends:
            one()

    return end
