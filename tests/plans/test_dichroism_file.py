"""The exported file alone is enough: for the moments by the sum rules, and for the domains."""

import json

import numpy as np
import pytest

from beam.errors import BadSpectrum
from beam.xmcd import MagneticFilm, magnetic_film
from daq.errors import DataError
from daq.export import export
from daq.export.maps import Light, Maps
from daq.export.reading import read_nexus
from daq.export.run_data import RunData
from daq.export.xmcd import Dichroism
from plans import energy_map, polarisation_scan, xmcd
from tests.plans.soft_light import Lit, roles

WITHIN = 0.05
REGIONS = "-36:-8:4 -8:24:0.8 24:72:4"


@pytest.fixture(scope="session")
def film():
    from beam import facts

    return magnetic_film(facts.config_dir() / "samples" / "fe_film.toml", seed=1)


def changed(film, **figures):
    return MagneticFilm(film.name, film.model.model_copy(update=figures), seed=1)


def exported(engine, docs, tree, film, path, plan, *arguments, **more):
    """Run a plan with a film in the beam; return the run as its exported file says it."""
    Lit(tree, film)
    docs.clear()
    name = plan.__name__
    engine(plan(*arguments, md={"sample": film.record()}, **more, **roles(tree, name)))
    run = RunData.from_documents(json.loads(json.dumps(list(docs))))
    return read_nexus(export(run, path, overwrite=True))


def measured(engine, docs, tree, film, path, **how):
    how = {"sequence": "AB", "field_t": 2.0, "regions": REGIONS, "dwell_s": 0.5, **how}
    return Dichroism.of(exported(engine, docs, tree, film, path, xmcd, **how))


def off(found, film):
    moments, model = found.analysed().moments, film.model
    return max(abs(moments.orbital / model.orbital_moment_ub - 1), abs(moments.spin / model.spin_moment_ub - 1))


def test_the_file_gives_the_moments_of_the_model(engine, docs, bl13u, film, tmp_path):
    found = measured(engine, docs, bl13u, film, tmp_path / "film.nxs")
    assert off(found, film) < WITHIN
    text = (tmp_path / "film.nxs").read_bytes()
    for secret in ("orbital_moment_ub", "spin_moment_ub", "white_line_ev"):
        assert secret.encode() not in text
    known = found.known
    assert (known.holes, known.tz, known.slope_power) == (film.model.holes, film.model.tz, pytest.approx(1.6))
    assert known.polarisation == pytest.approx(1.0, abs=1e-6)
    without = found.run.start["sample"].pop("holes")
    with pytest.raises(BadSpectrum, match="lacks holes"):
        found.analysed()
    found.run.start["xmcd"]["holes"] = without
    assert off(found, film) < WITHIN


@pytest.mark.full
@pytest.mark.parametrize("figure", ["orbital_moment_ub", "spin_moment_ub"])
def test_another_model_is_told_from_it(engine, docs, bl13u, film, tmp_path, figure):
    other = changed(film, **{figure: (1 + 2 * WITHIN) * getattr(film.model, figure)})
    found = measured(engine, docs, bl13u, other, tmp_path / "other.nxs")
    assert off(found, other) < WITHIN
    assert off(found, film) > WITHIN


@pytest.mark.full
@pytest.mark.parametrize(
    "how",
    [
        {"reverse": "field"},
        {"reverse": "field", "field_t": -2.0, "helicity": "circular-"},
        {"field_t": -2.0},
        {"sequence": "ABBA", "per": "point", "switching": "shifters"},
        {"helicity": "elliptic 0.7"},
    ],
    ids=["field", "both", "negative", "shifters", "elliptic"],
)
def test_every_way_to_reverse_gives_the_same_moments(engine, docs, bl13u, film, tmp_path, how):
    assert off(measured(engine, docs, bl13u, film, tmp_path / "film.nxs", **how), film) < WITHIN


def test_maps_show_the_domains(engine, docs, bl13u, film, tmp_path):
    path = tmp_path / "map.nxs"
    light = ([706.8], ["circular+", "circular-"], 0.1)
    run = exported(engine, docs, bl13u, film, path, energy_map, -1, 1, 6, -1, 1, 6, *light)
    maps = Maps.of(run)
    ((energy, dichroism),) = maps.dichroism().items()
    truth = [[film.domains.magnetisation(x, y, 0.0, 0.05) for x in maps.columns] for y in maps.rows]
    assert energy == 706.8
    assert np.corrcoef(dichroism.ravel(), np.ravel(truth))[0, 1] < -0.99  # µ+ - µ- is negative at L3
    assert np.std(truth) > 0.4
    with pytest.raises(DataError, match="is no XMCD run"):
        Dichroism.of(run)
    # a map that ended early has the points that were taken
    for key in run.primary().columns:
        run.primary().columns[key] = run.primary().columns[key][:40]
    run.primary().time = run.primary().time[:40]
    second = Maps.of(run).images[Light(706.8, "circular-")]
    assert np.isfinite(second).sum() == 4


@pytest.mark.full
def test_pictures_of_both(engine, docs, bl13u, film, tmp_path):
    maps = exported(
        engine, docs, bl13u, film, tmp_path / "map.nxs", energy_map, 0, 1, 3, 0, 1, 3, [690.0, 706.8], ["circular+"]
    )
    spectra = measured(engine, docs, bl13u, film, tmp_path / "film.nxs", regions="-2:2:1").run
    for run in (maps, spectra):  # of too few points for the sum rules, too
        path = export(run, tmp_path / "picture.png", overwrite=True)
        assert path.read_bytes().startswith(b"\x89PNG")


def test_files_that_hold_neither_are_refused(engine, docs, bl13u, film, tmp_path):
    run = exported(engine, docs, bl13u, film, tmp_path / "few.nxs", polarisation_scan, ["vertical"], energy_ev=720.0)
    with pytest.raises(DataError, match="declares no `xmcd`"):
        Dichroism.of(run)
    with pytest.raises(DataError, match="holds no maps"):
        Maps.of(run)
    (tmp_path / "text.nxs").write_text("no file of HDF5")
    with pytest.raises(DataError, match="holds no run that was exported"):
        read_nexus(tmp_path / "text.nxs")
