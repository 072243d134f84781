import subprocess
import sys

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
