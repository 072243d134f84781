"""Series of frames, with the dark and flat ones by which they are corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from bluesky import preprocessors
from bluesky.utils import Msg, MsgGenerator

from beam.errors import TerasuError
from devices import EnergyAxis
from devices.frame_detector import FrameDetector
from devices.protocols import Positioner, TwoState
from plans.beam_on import refuse_darkness
from plans.lean import move, read_once
from plans.roles import Role

_untyped: Any = preprocessors


class BadSeries(TerasuError):
    """Arguments that make no series."""


def camera_series(
    camera: FrameDetector,
    num: int = 1,
    *,
    exposure_s: float | None = None,
    darks: int = 0,
    flats: int = 0,
    energy_ev: float | None = None,
    shutter: Annotated[TwoState | None, Role("shutter")] = None,
    front_end: Annotated[TwoState | None, Role("front_end")] = None,
    energy: Annotated[EnergyAxis | None, Role("energy")] = None,
    sample: Positioner | None = None,
    sample_out: float | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Take frames one by one, after dark ones (shutter closed) and flat ones (sample out of the beam).

    Dark frames are the stream ``dark``, flat ones ``flat``, the others ``primary``; each has a file of its own. Where
    the station has shutters, they are opened for the frames that need light; the station's is closed at the end.

    Parameters
    ----------
    camera
        A detector that writes its frames to files.
    num
        Frames of the sample.
    exposure_s
        Exposure of every frame, in seconds; by default as it is set.
    darks, flats
        Dark and flat frames, taken first.
    energy_ev
        Photon energy; by default the one that there is.
    shutter
        Keeps the light away; needed for `darks`. Open for all other frames, closed at the end. Filled in by its role,
        as `front_end` and `energy` are, where the station has them.
    front_end
        Opened, too, where light is needed; it stays open.
    energy
        Has to have light.
    sample
        What moves the sample; needed for `flats`. It goes back to where it was.
    sample_out
        Where the sample is out of the beam, in the unit of `sample`.
    md
        More metadata.

    Returns
    -------
    str
        The run's uid.

    Raises
    ------
    BadSeries
        Numbers of frames below 0 (`num`: below 1), or no shutter, or nothing that moves the sample, where needed.
    OutOfReach
        An exposure beyond the camera's range, an energy beyond the beamline's.
    NoLight
        The undulator gives nothing of the energy that the monochromator stands at.
    """
    if num < 1 or darks < 0 or flats < 0:
        raise BadSeries(f"camera_series: num = {num}, darks = {darks}, flats = {flats}: from 1, from 0 and from 0 on")
    if darks and shutter is None:
        raise BadSeries(f"camera_series: darks = {darks}: give the shutter that keeps the light away")
    if flats and (sample is None or sample_out is None):
        raise BadSeries(f"camera_series: flats = {flats}: give what moves the sample, and sample_out, where to")
    if energy_ev is not None and energy is None:
        raise BadSeries(f"camera_series: energy_ev = {energy_ev:g} eV: there is no energy to be set here")
    if energy_ev is not None and energy is not None:
        energy.check_value(energy_ev)
    if exposure_s is not None and hasattr(camera, "check_exposure"):
        camera.check_exposure(exposure_s)

    def series() -> MsgGenerator[None]:
        if energy is not None:
            if energy_ev is not None:
                yield from move(energy, energy_ev)
            yield from refuse_darkness(energy)
        if exposure_s is not None:
            yield from move(camera.preset_time, exposure_s)
        if darks:
            yield from move(shutter, "close")
            yield from frames(camera, darks, "dark")
        for one in (front_end, shutter):
            if one is not None:
                yield from move(one, "open")
        if flats:
            yield from without_sample()
        yield from frames(camera, num, "primary")

    def without_sample() -> MsgGenerator[None]:
        assert sample is not None
        where = sample.position
        yield from move(sample, sample_out)
        yield from _untyped.finalize_wrapper(frames(camera, flats, "flat"), lambda: move(sample, where))

    def clean_up() -> MsgGenerator[None]:
        if shutter is not None:
            yield from move(shutter, "close")

    untyped: Any = camera  # ophyd has no types
    metadata: dict[str, Any] = {
        "plan_name": "camera_series",
        "detectors": [untyped.name],
        "num_points": num,
        "num_darks": darks,
        "num_flats": flats,
        **(md or {}),
    }
    safe: MsgGenerator[None] = _untyped.finalize_wrapper(series(), clean_up)
    run: MsgGenerator[str] = _untyped.run_wrapper(safe, md=metadata)
    return (yield from run)


def frames(camera: FrameDetector, num: int, stream: str) -> MsgGenerator[None]:
    """Take `num` readings of a camera into a stream; staged for it alone, so that its file holds nothing else."""

    def readings() -> MsgGenerator[None]:
        for _ in range(num):
            yield Msg("checkpoint")
            yield from read_once([camera], stream)

    yield from _untyped.stage_wrapper(readings(), [camera])
