"""What `terasu run` says of a run when the disk took its points, but not its end."""

from daq.engine import Outcome


def test_points_count_as_kept_though_the_stop_document_found_no_room():
    outcome = Outcome()
    outcome("start", {"uid": "run"})
    outcome("descriptor", {"uid": "dark", "name": "dark"})
    outcome("descriptor", {"uid": "points", "name": "primary"})
    outcome("event", {"descriptor": "dark", "seq_num": 1})
    outcome("event", {"descriptor": "points", "seq_num": 1})
    outcome("event_page", {"descriptor": "points", "seq_num": [2, 3]})
    assert (outcome.num_points, outcome.exit_status) == (3, "fail")
