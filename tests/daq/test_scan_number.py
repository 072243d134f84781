import subprocess
import sys

import pytest

from daq.errors import DataError
from daq.journal import Journal
from daq.scan_number import ScanNumber

TAKE = """
import sys
from pathlib import Path
from daq.scan_number import ScanNumber
take = ScanNumber(Path(sys.argv[1]), "bl09u")
print(*[take({}) for _ in range(50)])
"""


def test_numbers_survive_a_restart(tmp_path):
    first = ScanNumber(tmp_path, "bl09u")
    assert [first({}), first({})] == [1, 2]
    assert ScanNumber(tmp_path, "bl09u")({}) == 3


def test_each_beamline_counts_for_itself(tmp_path):
    ScanNumber(tmp_path, "bl09u")({})
    assert ScanNumber(tmp_path, "bl13u")({}) == 1


def test_two_processes_never_share_a_number(tmp_path):
    takers = [
        subprocess.Popen([sys.executable, "-c", TAKE, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    taken = [int(number) for taker in takers for number in taker.communicate(timeout=60)[0].split()]
    assert sorted(taken) == list(range(1, 101))


def test_a_lost_file_gives_no_number_twice(tmp_path):
    journal = Journal(tmp_path / "journal")
    for number, beamline in ((7, "bl09u"), (3, "bl09u"), (90, "bl13u")):
        uid = f"{beamline}-{number}"
        journal("start", {"uid": uid, "time": 0.0, "scan_id": number, "beamline": beamline})
        journal("stop", {"uid": f"{uid}s", "time": 1.0, "run_start": uid, "exit_status": "success"})
    (tmp_path / "journal" / "1970-01-01" / "torn.jsonl").write_bytes(b'["start", {"scan_')
    assert ScanNumber(tmp_path, "bl09u")({}) == 8


def test_a_damaged_file_gives_none(tmp_path):
    numbers = ScanNumber(tmp_path, "bl09u")
    numbers({})
    numbers.path.write_text("17x")
    with pytest.raises(DataError, match=r"bl09u\.scan_number: holds b'17x', which is no number"):
        numbers({})
    assert numbers.path.read_text() == "17x"


def test_what_cannot_be_written_is_said_in_one_line(tmp_path):
    (tmp_path / "journal").write_text("")
    with pytest.raises(DataError, match="cannot be taken"):
        ScanNumber(tmp_path, "bl09u")({})
