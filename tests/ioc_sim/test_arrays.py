"""Arrays that are big-endian already reach the wire without being copied; all others are converted as ever."""

import caproto as ca
import numpy as np
import pytest

from ioc_sim import arrays
from ioc_sim.channels import at_once


@pytest.fixture(autouse=True)
def _installed():
    arrays.install()
    yield
    ca.select_backend("numpy")


def update(values):
    return ca.EventAddResponse(values, ca.ChannelType.INT, len(values), 1, 0)


def read(channel):
    """Return what the channel gives for the wire."""
    got = []

    async def ask():
        got.append((await channel.read(ca.ChannelType.INT))[1])

    at_once(ask())
    return got[0]


def test_what_is_ready_for_the_wire_is_not_copied():
    channel = ca.ChannelShort(value=np.zeros(10, np.int16), max_length=10)
    ready = arrays.to_wire(np.arange(10, dtype=np.int16))
    channel._data["value"] = ready
    values = read(channel)
    assert np.shares_memory(values, ready)
    (_, sent, *_) = update(values).buffers
    assert np.shares_memory(sent, ready)
    assert bytes(sent) == np.arange(10, dtype=">i2").tobytes()


@pytest.mark.parametrize("dtype", ["<i2", ">i4", "<f8", "|u1"])
def test_what_is_not_is_converted(dtype):
    channel = ca.ChannelShort(value=np.arange(10).astype(dtype), max_length=10)
    assert bytes(update(read(channel)).buffers[1]) == np.arange(10, dtype=">i2").tobytes()


def test_a_part_of_an_array_is_sent_as_it_looks():
    every_second = np.arange(10, dtype=">i2")[::2]
    assert bytes(update(every_second).buffers[1]) == np.array([0, 2, 4, 6, 8], ">i2").tobytes()


@pytest.mark.parametrize("order", ["C", "F"])
def test_images_become_rows_one_after_the_other(order):
    image = np.asarray([[1, 2, 3], [4, 5, 6]], dtype=np.uint16, order=order)
    ready = arrays.to_wire(image)
    assert ready.dtype == np.dtype(">u2")
    assert ready.tolist() == [1, 2, 3, 4, 5, 6]
    assert ready.flags.c_contiguous
    assert not np.shares_memory(ready, image)
