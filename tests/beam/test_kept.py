import subprocess
import sys

import numpy as np
import pytest

from beam import kept, tables

ENERGIES = np.linspace(7000.0, 7200.0, 33)
QUESTIONS = [
    (tables.is_element, ("Fe",)),
    (tables.is_element, ("Xx",)),
    (tables.elements, ()),
    (tables.parse_formula, ("CaSO4.2(H2O)",)),
    (tables.mass_fractions, ("Fe2O3",)),
    (tables.mu_cm2_per_g, ("Fe2O3", ENERGIES, "photo")),
    (tables.material, ("nitrogen",)),
    (tables.material, ("no such material",)),
    (tables.element_density, ("Cu",)),
    (tables.edges_ev, ("Fe",)),
    (tables.core_width_ev, ("Fe", "K")),
    (tables.ionization_potential_ev, ("nitrogen",)),
    (tables.compton_electron_ev, (ENERGIES,)),
    (tables.form_factor, ("Si", 0.25)),
    (tables.anomalous, ("Si", ENERGIES)),
    (tables.delta_beta, ("Rh", 12.4, ENERGIES)),
]


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    monkeypatch.setenv("TERASU_CACHE", str(tmp_path))
    kept.directory.cache_clear()
    yield kept.directory(tables.__file__)
    kept.directory.cache_clear()


@pytest.mark.parametrize(("question", "words"), QUESTIONS, ids=[one.__name__ for one, _ in QUESTIONS])
def test_what_is_kept_is_what_was_answered(question, words, place):
    answers = [question.__wrapped__(*words), question(*words), question(*words)]
    assert any(one.name.startswith(question.__name__) for one in place.iterdir())
    for one in answers[1:]:
        assert type(one) is type(answers[0])
        np.testing.assert_equal(one, answers[0])  # each number to its last bit


def test_shells_are_what_they_were():
    assert tables.shells("Fe") == tables.shells("Fe")
    assert [one.name for one in tables.shells("Fe")] == ["K", "L1", "L2", "L3"]


def test_another_process_does_not_load_the_library(place):
    tables.mu_cm2_per_g("Fe", ENERGIES)
    words = (
        "import sys, numpy; from beam import tables; tables.mu_cm2_per_g('Fe', numpy.linspace(7000.0, 7200.0, 33));"
        "print([one for one in ('xraydb', 'scipy', 'sqlalchemy') if one in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_errors_are_not_kept(place):
    for _ in range(2):
        with pytest.raises(ValueError, match="Xx"):
            tables.parse_formula("Xx3")
    assert not place.exists()


def test_a_broken_file_is_answered_anew(place):
    right = tables.element_density("Fe")
    (file,) = place.iterdir()
    for broken in ("", "{", '{"array": [1.0], "shape": [2]}'):
        file.write_text(broken)
        assert tables.element_density("Fe") == right
        assert tables.element_density("Fe") == right


def test_without_a_place_nothing_is_kept(monkeypatch, tmp_path):
    file = tmp_path / "a file"
    file.touch()
    monkeypatch.setenv("TERASU_CACHE", str(file))
    kept.directory.cache_clear()
    assert tables.element_density("Fe") > 7.0


def test_only_so_many_are_kept(monkeypatch, place):
    monkeypatch.setattr(kept, "MOST", 3)
    for number in range(10):
        tables.form_factor("Si", 0.1 * number)
    assert len(list(place.iterdir())) == 3
