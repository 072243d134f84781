import numpy as np
import pytest

from beam.errors import BadSpectrum
from beam.xdi import read_xdi


def test_reads_columns_and_metadata(write_xdi, iron_rows):
    file = read_xdi(write_xdi(iron_rows))
    assert list(file.columns) == ["energy", "i0", "itrans"]
    assert file.columns["energy"][:2].tolist() == [7000, 7005]
    assert file.metadata["Element.symbol"] == "Fe"
    assert file.field("element.SYMBOL") == "Fe"
    assert file.field("Sample.name") is None


def test_column_order_energy_unit_and_line_ends_do_not_matter(tmp_path, iron_rows):
    lines = ["#XDI/1.1 GSE/1.0", "# Column.1: i0", "# Column.2: ifluor", "# Column.3: energy keV", "#----"]
    lines += [f"{i0:.3f}\t{it:.3f}\t{e / 1000:.7f}" for e, i0, it in iron_rows]
    path = tmp_path / "other.xdi"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    file = read_xdi(path)
    assert file.columns["energy"] == pytest.approx(np.array([row[0] for row in iron_rows]))
    assert set(file.columns) == {"energy", "i0", "ifluor"}


def test_names_may_come_from_the_line_of_labels(tmp_path, iron_rows):
    path = tmp_path / "labels.xdi"
    rows = "\n".join(f"{e} {i0} {it}" for e, i0, it in iron_rows)
    path.write_text(f"# XDI/1.0\n# Element.symbol: Fe\n# energy i0 itrans\n{rows}\n")
    assert set(read_xdi(path).columns) == {"energy", "i0", "itrans"}


def _with(rows, index, row):
    return [*rows[:index], row, *rows[index + 1 :]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: _with(rows, 20, "7100.0 1e5 abc"), "line 32: 'abc' is no number"),
        (lambda rows: _with(rows, 20, "7100.0 1e5 nan"), "line 32: 'nan' is no finite number"),
        (lambda rows: _with(rows, 20, "7100.0 1e5 1_0"), "line 32: '1_0' is no finite number"),
        (lambda rows: _with(rows, 20, "7100.0 1e5"), "line 32: 2 columns, the line 12 has 3"),
        (lambda rows: _with(rows, 20, "7100.0 1e5 1 1"), "line 32: 4 columns, the line 12 has 3"),
        (lambda rows: _with(rows, 20, (7095.0, 1e5, 1e5)), r"line 32: energy 7095 eV repeats 7095 eV: must ascend"),
        (lambda rows: _with(rows, 20, (7001.0, 1e5, 1e5)), r"line 32: energy 7001 eV falls after 7095 eV"),
        (lambda rows: rows[::-1], "line 13: energy .* falls after"),
        (lambda rows: _with(rows, 20, (7100.0, 0.0, 1e5)), "line 32: i0 = 0: an intensity must be positive"),
        (lambda rows: _with(rows, 20, (7100.0, 1e5, -3.0)), "line 32: itrans = -3: an intensity must be positive"),
        (lambda rows: rows[:9], "line 20: 9 points; at least 10 are needed"),
        (lambda _: [], "no numbers"),
    ],
)
def test_a_malformed_table_is_refused_with_file_and_line(write_xdi, iron_rows, change, message):
    path = write_xdi(change(iron_rows))
    with pytest.raises(BadSpectrum, match=message) as caught:
        read_xdi(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# XDI/1.0 made for a test", "energy i0 itrans", "line 1: not an XDI file"),
        ("# Column.1: energy eV", "# Column.1: angle degrees", "no column 'energy'"),
        ("# Column.1: energy eV", "# Column.1: energy furlong", "energy in 'furlong': eV or keV"),
        ("# Column.2: i0", "# Column.2: monitor", "no column 'i0'"),
        ("# Column.3: itrans", "# Column.3: temperature", "no signal column 'itrans' or 'ifluor'"),
        ("# Column.3: itrans", "# Column.3: i0", "no signal column"),
        ("# Column.3: itrans\n", "", "3 columns, but the header declares Column.1, Column.2"),
        ("# Column.2: i0", "# Column.x: i0", "names no column"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(write_xdi, iron_rows, xdi_header, old, new, message):
    assert old in xdi_header
    path = write_xdi(iron_rows, header=xdi_header.replace(old, new))
    with pytest.raises(BadSpectrum, match=message):
        read_xdi(path)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(BadSpectrum, match=r"nowhere\.xdi: No such file"):
        read_xdi(tmp_path / "nowhere.xdi")
    with pytest.raises(BadSpectrum, match="Is a directory"):
        read_xdi(tmp_path)
    (tmp_path / "noise.xdi").write_bytes(bytes(range(256)) * 10)
    with pytest.raises(BadSpectrum, match="line 1: not an XDI file"):
        read_xdi(tmp_path / "noise.xdi")
    (tmp_path / "empty.xdi").write_bytes(b"")
    with pytest.raises(BadSpectrum, match="line 1: not an XDI file"):
        read_xdi(tmp_path / "empty.xdi")
