"""Which picture shows a run: of a dichroism, of maps (also on the fly), of a series of frames, else of a spectrum."""

from __future__ import annotations

from daq.export.run_data import RunData


def to_picture(run: RunData) -> bytes:
    """Return a PNG; raise DataError if the run holds nothing that is drawn."""
    if "xmcd" in run.start:
        from daq.export.xmcd import Dichroism
        from daq.export.xmcd_png import to_png as xmcd_png

        return xmcd_png(Dichroism.of(run))
    if "maps" in run.start:
        from daq.export.maps import Maps
        from daq.export.maps_png import to_png as maps_png

        return maps_png(Maps.of(run))
    from daq.export import flown_map_png, frames_png

    if flown_map_png.is_flown_map(run):
        return flown_map_png.to_png(run)
    if run.start.get("plan_name") == "camera_series" and frames_png.image_key(run):
        return frames_png.to_png(run)
    from daq.export.png import to_png
    from daq.export.spectrum import Spectrum

    return to_png(Spectrum.of(run))
