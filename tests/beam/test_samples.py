import numpy as np
import pytest

from beam.absorber import mu_t
from beam.errors import BadSample, BadSpectrum, ConfigError, UnknownName
from beam.sample import load_sample, sample_names
from beam.tables import mu_cm2_per_g, parse_formula


def test_nothing_in_the_beam(config):
    sample = load_sample("none", config)
    assert sample.mu_t(np.array([2100.0, 7112.0])).tolist() == [0, 0]
    assert sample.edge is None
    assert sample.reference_ev is None


@pytest.mark.parametrize(
    ("spec", "formula", "density", "thickness_cm"),
    [
        ("Fe 7um", "Fe", 7.86, 7e-4),
        ("7 µm Fe", "Fe", 7.86, 7e-4),
        ("Fe 7000nm", "Fe", 7.86, 7e-4),
        ("Fe2O3 5.24g/cm3 10um", "Fe2O3", 5.24, 10e-4),
        ("Fe2O3 0.01mm 5.24 g/cm3", "Fe2O3", 5.24, 10e-4),
        ("kapton 50um", "C22H10N2O5", 1.42, 50e-4),
    ],
)
def test_formula_and_thickness(config, spec, formula, density, thickness_cm):
    sample = load_sample(spec, config)
    energies = np.array([2150.0, 5000.0, 7100.0, 7125.0, 14000.0, 42000.0, 70000.0])
    assert sample.mu_t(energies) == pytest.approx(mu_t(formula, density, thickness_cm, energies), rel=2e-4)
    assert "model" in sample.description


def test_a_formula_has_its_tabulated_edge(config):
    sample = load_sample("Fe 7um", config)
    assert (sample.edge, sample.reference_ev) == ("Fe K", 7112)
    assert "tabulated" in sample.reference_name
    assert load_sample("kapton 50um", config).edge is None


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("Fe2O3 10um", "the density of Fe2O3 is not tabulated"),
        ("Xx 10um", "'Xx' is no chemical formula"),
        ("10um", "no formula"),
        ("Fe 0um", "must be positive"),
        ("Fe2O3 5.24g/cm3", "no thickness with a unit"),
    ],
)
def test_a_formula_that_lacks_something_is_refused(config, spec, message):
    with pytest.raises(BadSample, match=message):
        load_sample(spec, config)


def test_an_unknown_name_is_refused_with_the_nearest(config):
    assert "fe_foil" in sample_names(config)
    with pytest.raises(UnknownName, match="unknown sample 'fe_fol'; did you mean fe_foil"):
        load_sample("fe_fol", config)


@pytest.mark.parametrize("formula", ["CaSO4.2(H2O)", "CaSO4·2H2O", "CaSO4(H2O)2"])
def test_hydrates(formula):
    assert parse_formula(formula) == {"Ca": 1, "S": 1, "O": 6, "H": 4}


def test_the_iron_foil_is_a_model_and_says_so(config):
    sample = load_sample("fe_foil", config)
    assert sample.description.startswith("model:")
    assert sample.edge == "Fe K"
    assert sample.reference_ev == pytest.approx(7112.0, abs=0.1)
    # away from the edge it is the tabulated absorption
    area = 7.874 * 7e-4
    assert sample.edge_step == pytest.approx(area * (405.9 - 53.4), rel=0.02)
    far = np.array([3000.0, 6900.0, 9000.0, 21336.0])
    assert sample.mu_t(far) == pytest.approx(area * mu_cm2_per_g("Fe", far), rel=0.01)


def test_the_iron_foil_has_the_fine_structure_of_its_shells(config):
    sample = load_sample("fe_foil", config)
    energies = 7112 + np.linspace(3.0, 13.0, 400) ** 2 * 3.81
    k = np.linspace(3.0, 13.0, 400)
    smooth = np.polyval(np.polyfit(k, sample.mu_t(energies), 5), k)
    chi = (sample.mu_t(energies) / smooth - 1) * k**2
    assert 0.02 < np.max(np.abs(chi / k**2)) < 0.2
    distances = np.arange(0.5, 8.0, 0.02)
    window = np.hanning(len(k))
    transform = np.abs([np.sum(window * chi * np.exp(2j * k * r)) for r in distances])
    # the phase of the scattering shifts the peak of the first shells, 2.48 and 2.87 Å, inwards
    assert 1.8 < distances[np.argmax(transform)] < 2.7


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('edge = "Fe K"', 'edge = "Fe Q"', r"wrong\.toml: edge = \"Fe Q\""),
        ('edge = "Fe K"', 'edge = "Cu K"', "Fe holds no Cu"),
        ("thickness_um = 7.0", "thickness_um = -7.0", r"thickness_um = -7\.0: Input should be greater than 0"),
        ("thickness_um = 7.0", "thicknes_um = 7.0", "thicknes_um: unknown key; did you mean thickness_um"),
        ("s02 = 0.75", "", r"exafs\.s02: missing"),
    ],
)
def test_a_malformed_model_is_refused_with_file_key_and_value(config, tmp_path, old, new, message):
    text = (config / "samples" / "fe_foil.toml").read_text()
    assert old in text
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "wrong.toml").write_text(text.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        load_sample("wrong", tmp_path)


def test_a_measured_curve_is_kept_up_to_a_constant(config, write_xdi, iron_rows):
    sample = load_sample(str(write_xdi(iron_rows)), config)
    energies, i0, it = (np.array(column) for column in zip(*iron_rows, strict=True))
    difference = sample.mu_t(energies) - np.log(i0 / it)
    assert difference == pytest.approx(np.full(len(energies), difference[0]), abs=1e-9)
    # made as 1.5 of an edge step
    assert sample.edge_step == pytest.approx(1.5, rel=0.1)
    assert sample.edge == "Fe K"
    assert sample.reference_ev == pytest.approx(7112.0, abs=0.05)
    assert sample.reference_name == "first inflection of made.xdi as put in"


def test_beyond_its_range_a_measured_sample_goes_on_as_tabulated(config, write_xdi, iron_rows):
    sample = load_sample(str(write_xdi(iron_rows)), config)
    low, high = iron_rows[0][0], iron_rows[-1][0]
    sides = np.array([low - 0.01, low + 0.01, high - 0.01, high + 0.01])
    values = sample.mu_t(sides)
    assert values[0] == pytest.approx(values[1], rel=5e-3)
    assert values[2] == pytest.approx(values[3], rel=5e-3)
    # the tables interpolate linearly up to where the measurement begins
    energies = np.geomspace(1500, 5 * high, 2000)
    assert np.all(sample.mu_t(energies) > 0)
    below = np.array([3000.0, 6000.0])
    ratio = sample.mu_t(below) / mu_cm2_per_g("Fe", below)
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-3)


def test_a_fluorescence_curve_gives_the_shape_of_a_thin_sample(config, write_xdi, iron_rows, xdi_header):
    rows = [(e, i0, 0.01 * i0 * (0.1 + np.log(i0 / it))) for e, i0, it in iron_rows]
    sample = load_sample(str(write_xdi(rows, xdi_header.replace("itrans", "ifluor"))), config)
    energies, i0, fluorescence = (np.array(column) for column in zip(*rows, strict=True))
    slope, constant = np.polyfit(fluorescence / i0, sample.mu_t(energies), 1)
    assert sample.mu_t(energies) == pytest.approx(slope * fluorescence / i0 + constant, abs=1e-9)
    assert sample.mu_t(energies).max() - sample.mu_t(energies[:5]).mean() == pytest.approx(1.0, abs=0.02)
    assert "fluorescence" in sample.description


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# Element.symbol: Fe", "# Element.symbol: Cu", "the Cu K edge lies outside 7000 … 7398 eV"),
        ("# Element.symbol: Fe", "# Element.symbol: Qq", "'Qq' is no element"),
    ],
)
def test_a_spectrum_without_its_edge_is_refused(config, write_xdi, iron_rows, xdi_header, old, new, message):
    with pytest.raises(BadSpectrum, match=message):
        load_sample(str(write_xdi(iron_rows, xdi_header.replace(old, new))), config)


def test_the_header_need_not_name_the_edge(config, write_xdi, iron_rows, xdi_header):
    header = xdi_header.replace("# Element.symbol: Fe\n# Element.edge: K\n", "")
    assert load_sample(str(write_xdi(iron_rows, header)), config).edge == "Fe K"
    with pytest.raises(BadSpectrum, match=r"needs Element\.symbol or a Sample\.formula"):
        load_sample(str(write_xdi(iron_rows, header.replace("# Sample.formula: Fe\n", ""))), config)


def test_a_falling_curve_has_no_edge(config, write_xdi, iron_rows):
    with pytest.raises(BadSpectrum, match=r"no edge rises at 7112\.0 eV"):
        load_sample(str(write_xdi([(e, it, i0) for e, i0, it in iron_rows])), config)


def test_the_measured_iron_foil(config, spectrum):
    sample = load_sample(str(spectrum("Fe_Foil_rt_2016Foils.xdi")), config)
    assert sample.reference_ev == pytest.approx(7110.75, abs=0.1)
    assert sample.edge == "Fe K"
    assert "model" not in sample.description
    assert "13-ID-E" in sample.provenance
