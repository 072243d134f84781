"""What a user mistypes about runs, items and queues is said in one line, and changes nothing."""

import pytest

from tests.queue_driver import Queue

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    one = Queue(tmp_path_factory.mktemp("refusals"))
    one.up()
    yield one
    one.close()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("add", "--beamline", "bench", "count"), "no queue of bench runs; there is: bl09u"),
        (("resume",), "no plan is paused; a run that was interrupted goes on with `terasu queue resume UID`"),
        (("resume", "zzz"), "unknown run 'zzz'"),
        (("add", "resume"), "resume: missing a required argument: 'uid'"),
        (("add", "resume", "uid="), "unknown run ''"),
        (("approve", "nobody"), "no item that waits is called 'nobody'; there wait: none"),
        (("reject", "nobody", "--operator", "curie"), "curie (group user) may not approve what waits"),
        (("http-user", "bl09u", "../x"), "letters, digits and . _ @ - are allowed"),
    ],
)
def test_it_is_refused(queue, words, reason):
    answer = queue.command(*words)
    assert answer.returncode in (2, 3)
    assert reason in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert queue.json("list")["items"] == []
