"""Messages that are late leave in the order of their writing, and all at once when they must."""

import asyncio

from ioc_sim.lateness import LateWriter


class Sink:
    def __init__(self):
        self.written, self.full = [], asyncio.Event()

    def write(self, buffers):
        self.written += buffers
        if len(self.written) == 3:
            self.full.set()


def run(scenario):
    asyncio.run(scenario())


def test_what_is_not_late_passes_at_once():
    async def scenario():
        sink = Sink()
        LateWriter(sink, lambda: 0.0).write([b"a"])
        assert sink.written == [b"a"]

    run(scenario)


def test_nothing_overtakes_what_is_late():
    async def scenario():
        sink, delays = Sink(), iter((0.05, 0.01, 0.0))
        late = LateWriter(sink, lambda: next(delays))
        for text in (b"a", b"b", b"c"):
            late.write([text])
        assert sink.written == []
        await asyncio.wait_for(sink.full.wait(), 10)
        assert sink.written == [b"a", b"b", b"c"]

    run(scenario)


def test_what_is_late_can_be_sent_now_or_be_forgotten():
    async def scenario():
        sink = Sink()
        late = LateWriter(sink, lambda: 3600.0)
        late.write([b"a"])
        late.flush()
        late.write([b"b"])
        late.forget()
        late.flush()
        assert sink.written == [b"a"]

    run(scenario)
