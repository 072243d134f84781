"""Energy and polarisation of an elliptical undulator with a grating monochromator, on devices in process."""

import pytest

from beam.errors import OutOfReach
from devices.errors import MoveFailed, NotPermitted

GAP, PHASE1, PHASE2 = "BL13U:ID:Gap", "BL13U:ID:Phase1:Setpoint", "BL13U:ID:Phase2:Setpoint"
POLARISATIONS = ["vertical", "circular+", "circular-", "linear 30", "linear -45.5", "elliptic 0.5", "horizontal"]


def written(server):
    """Return the addresses that were written to, and forget them."""
    found = [address for address, _ in server.writes]
    server.writes.clear()
    return found


def test_every_polarisation_is_what_it_reads_as(bl13u):
    bl13u.energy.set(706.8).wait(1)
    for wanted in POLARISATIONS:
        bl13u.polarisation.set(wanted).wait(1)
        assert bl13u.polarisation.position == wanted
        assert bl13u.energy.position == pytest.approx(706.8, abs=1e-6)
        light = bl13u.polarisation.read()
        first = bl13u.undulator.physics.first_harmonic_ev(
            bl13u.undulator.state_at({key: axis.position for key, axis in bl13u.undulator.axes.items()})
        )
        assert first * bl13u.energy.harmonic == pytest.approx(706.8, rel=1e-6)
        assert abs(light["polarisation_p3"]["value"]) == pytest.approx(
            {"circular+": 1, "circular-": 1, "elliptic 0.5": 0.608}.get(wanted, 0), abs=1e-3
        )


def test_a_reading_follows_from_the_axes_and_not_from_what_was_asked_for(bl13u, server):
    bl13u.energy.set(706.8).wait(1)
    bl13u.polarisation.set("circular+").wait(1)
    server.post("BL13U:ID:Phase1:Readback", 3.0)
    assert bl13u.polarisation.position == "between"
    with pytest.raises(OutOfReach, match=r"bl13u energy 710 eV: the undulator stands between polarisations; set"):
        bl13u.energy.check_value(710.0)
    bl13u.polarisation.set("vertical").wait(1)
    bl13u.energy.check_value(710.0)


def test_helicities_differ_in_the_sign_of_the_phase_alone(bl13u, server):
    bl13u.energy.set(706.8).wait(1)
    bl13u.polarisation.set("circular+").wait(1)
    server.writes.clear()
    bl13u.polarisation.set("circular-").wait(1)
    assert sorted(written(server)) == [PHASE1, PHASE2]


def test_the_gap_opens_before_rows_move_and_closes_after_them(bl13u, server):
    energy, polarisation = bl13u.energy, bl13u.polarisation
    energy.set(706.8).wait(1)
    server.writes.clear()
    polarisation.set("vertical").wait(1)  # a weaker field: the gap closes
    closing = written(server)
    assert closing.index(PHASE1) < closing.index(GAP)
    polarisation.set("horizontal").wait(1)
    opening = written(server)
    assert opening.index(GAP) < opening.index(PHASE1)


def test_energy_and_polarisation_change_in_one_motion(bl13u, server):
    energy = bl13u.energy
    energy.set(300.0).wait(1)
    energy.polarisation_choice.set("vertical").wait(1)
    server.writes.clear()
    energy.set(900.0).wait(1)
    assert (energy.position, bl13u.polarisation.position) == (pytest.approx(900.0, abs=1e-6), "vertical")
    assert written(server).count(GAP) == 1
    bl13u.fake.rows["phase2"].lands_at = lambda target: target - 0.0019  # within its tolerance, for good
    energy.polarisation_choice.set("linear 60").wait(1)
    energy.set(901.0).wait(1)
    bl13u.fake.rows["antiphase"].lands_at = lambda target: target + 0.5
    with pytest.raises(MoveFailed, match="antiphase"):
        energy.set(902.0).wait(1)


@pytest.mark.parametrize(
    ("polarisation", "energy_ev", "words"),
    [
        (
            "circular+",
            2000.0,
            r"circular\+ in harmonic 1 reaches 210\.9 … 1494\.7 eV; .* reach of horizontal",
        ),
        ("vertical", 200.0, r"vertical reaches 265\.9 … .* within reach of horizontal 151\.0 …"),
        ("horizontal", 100.0, r"180 … 3000 eV is what the beamline is for"),
        ("horizontal", 3200.0, r"180 … 3000 eV is what the beamline is for"),
        ("horizontal", 200.0, r"grating g1200 covers 250 … 3000 eV; it is covered by g600 180 … 1600 eV"),
        ("horizontal", float("nan"), r"is what the beamline is for"),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_can_and_nothing_moves(bl13u, server, polarisation, energy_ev, words):
    bl13u.energy.polarisation_choice.set(polarisation).wait(1)
    harmonic = 1 if polarisation.startswith("circular") else 0
    bl13u.energy.harmonic_choice.set(harmonic).wait(1)
    with pytest.raises(OutOfReach, match=words):
        bl13u.energy.set(energy_ev)
    assert server.writes == []


def test_no_polarisation_is_refused_with_those_there_are(bl13u, server):
    for word in ("round", "linear", "linear 91", "elliptic 2", 5):
        with pytest.raises(OutOfReach, match=r"possible"):
            bl13u.polarisation.set(word)
    assert bl13u.polarisation.clean("circular_plus") == "circular+"
    assert server.writes == []


def test_without_the_machine_s_permission_nothing_moves(bl13u, server):
    server.post("BL13U:ID:Phase2:Permit", 0)
    with pytest.raises(NotPermitted, match=r"polarisation circular\+: undulator_phase2 .* motion is not permitted"):
        bl13u.polarisation.set("circular+")
    with pytest.raises(NotPermitted, match=r"bl13u energy 706.8 eV: undulator_phase2"):
        bl13u.energy.set(706.8)
    assert server.writes == []


def test_a_row_that_lands_elsewhere_fails_the_move(bl13u):
    bl13u.energy.set(706.8).wait(1)
    bl13u.fake.rows["phase1"].lands_at = lambda target: 0.5 * target
    with pytest.raises(MoveFailed, match=r"undulator_phase1: ended at .* the undulator says: at rest"):
        bl13u.polarisation.set("circular+").wait(1)


def test_shifters_switch_the_helicity_with_no_magnet_moved(bl13u, server):
    bl13u.energy.set(706.8).wait(1)
    bl13u.undulator.switching.set("shifters").wait(1)
    with pytest.raises(OutOfReach, match=r"with undulator_switching shifters there are circular\+ and circular-"):
        bl13u.polarisation.set("vertical")
    bl13u.polarisation.set("circular+").wait(1)
    plus = bl13u.polarisation.read()["polarisation_p3"]["value"]
    server.writes.clear()
    bl13u.polarisation.set("circular-").wait(1)
    assert {address.partition("ID:")[2][:7] for address in written(server)} == {"Shifter"}
    minus = bl13u.polarisation.read()["polarisation_p3"]["value"]
    assert bl13u.polarisation.position == "circular-"
    assert 0.9 < plus < 0.999
    assert minus == pytest.approx(-plus, abs=0.01)
    bl13u.energy.set(715.0).wait(1)
    assert bl13u.polarisation.position == "circular-"


def test_gratings_by_name_and_between_them(bl13u, server):
    pgm = bl13u.pgm
    pgm.ruling.set("g600").wait(1)
    bl13u.energy.set(200.0).wait(1)
    assert bl13u.energy.position == pytest.approx(200.0, abs=1e-6)
    assert bl13u.energy.limits == (180.0, 1600.0)
    assert bl13u.energy.setpoint == 200.0
    server.post("BL13U:PGM:Exchange.RBV", 20.0)
    with pytest.raises(OutOfReach, match=r"no grating in the beam, pgm_exchange is at 20 mm; pgm_ruling may be g600"):
        bl13u.energy.set(300.0)


def test_cff_and_order_count_from_the_next_energy_on(bl13u):
    energy, pgm = bl13u.energy, bl13u.pgm
    energy.set(700.0).wait(1)
    before, width = pgm.mirror.position, pgm.bandwidth_ev()
    pgm.cff.check_value(4.0)
    pgm.cff.set(4.0).wait(1)
    energy.set(700.0).wait(1)
    assert pgm.mirror.position < before - 0.1 or pgm.mirror.position > before + 0.1
    assert energy.position == pytest.approx(700.0, abs=1e-6)
    assert pgm.bandwidth_ev() < width
    with pytest.raises(OutOfReach, match=r"pgm_cff 9: 1.5 … 6 is allowed"):
        pgm.cff.check_value(9)
    pgm.order.set(2).wait(1)
    energy.set(700.0).wait(1)
    assert energy.position == pytest.approx(700.0, abs=1e-6)
    with pytest.raises(OutOfReach, match="allowed are 1, 2, 3"):
        pgm.order.check_value(4)


def test_one_harmonic_for_all_polarisations_or_none(bl13u):
    from beam.polarisation import CIRCULAR_PLUS, HORIZONTAL, VERTICAL

    energy = bl13u.energy
    assert energy.choose_harmonic([690.0, 780.0], [CIRCULAR_PLUS, HORIZONTAL]) == 1
    assert energy.choose_harmonic([2200.0, 2400.0], [HORIZONTAL, VERTICAL]) in (3, 5)
    with pytest.raises(OutOfReach, match="no single harmonic reaches the whole range"):
        energy.choose_harmonic([200.0, 2900.0], [HORIZONTAL])
    with pytest.raises(OutOfReach, match=r"circular\+ reaches"):
        energy.choose_harmonic([700.0, 1600.0], [CIRCULAR_PLUS])


def test_the_magnet_has_its_range_and_either_polarity(bl13u):
    for field in (2.0, -2.0):
        bl13u.magnet.set(field).wait(1)
        assert bl13u.magnet.position == field
    with pytest.raises(OutOfReach, match=r"magnet 7.5 T: allowed -7 … 7 T"):
        bl13u.magnet.set(7.5)
    # 4 T at 0.1 T/s, a lag of 0.2 s, a second to be trusted
    assert bl13u.magnet.nominal_between(-2.0, 2.0) == pytest.approx(41.6, abs=0.3)


def test_the_orbit_settles_after_a_motion(bl13u):
    gap = bl13u.undulator.gap
    assert gap.nominal_between(30.0, 30.0) == 0
    assert gap.nominal_between(30.0, 32.0) == pytest.approx(1.0 + 0.1 + 0.1)


def test_an_energy_is_calibrated_by_the_grating_s_offset(bl13u):
    energy, pgm = bl13u.energy, bl13u.pgm
    energy.set(706.3).wait(1)  # where the line was found
    at = pgm.mirror.position, pgm.grating.position
    device, offset = energy.calibrated(706.3, 706.8)
    assert device is pgm
    for name, value in offset.items():
        setattr(pgm, name, value)
    assert pgm.energy_at(*at) == pytest.approx(706.8, abs=1e-4)
    energy.set(706.8).wait(1)
    assert energy.position == pytest.approx(706.8, abs=1e-6)
