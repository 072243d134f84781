"""What is packed here is, byte for byte, what caproto sends."""

import asyncio
from types import SimpleNamespace

import caproto as ca
import pytest
from caproto import ChannelType

from ioc_sim.channels import Enum, Float, Int
from ioc_sim.packed import Packed, Update, update_of

T = 1_700_000_000.123456


class Spec(SimpleNamespace):
    """What is subscribed to; kept in sets."""

    __hash__ = object.__hash__


class Listener:
    """Takes the place of a server: keeps what is published."""

    def __init__(self):
        self.updates = []

    async def put(self, update):
        self.updates.append(update)


def subscription(data_type, data_count=0, number=7, chosen=(False, None, None, None)):
    on = asyncio.Event()
    on.set()
    return SimpleNamespace(
        data_type=data_type,
        data_count=data_count,
        subscriptionid=number,
        channel_filter=chosen,
        circuit=SimpleNamespace(events_on=on),
    )


async def published(channel, data_type, value):
    """Return what a listener gets of a value: metadata and number."""
    listener = Listener()
    spec = Spec(
        channel_filter=SimpleNamespace(sync=None),
        data_type_name=data_type.name,
        mask=ca.SubscriptionType.DBE_VALUE,
    )
    await channel.subscribe(listener, spec, None)
    channel.post(value, timestamp=T, status=ca.AlarmStatus.HIGH, severity=ca.AlarmSeverity.MINOR_ALARM)
    return listener.updates[-1].metadata, listener.updates[-1].values


def wire(message):
    return b"".join([bytes(memoryview(message.header)), *(bytes(one) for one in message.buffers)])


@pytest.mark.parametrize(
    ("channel", "data_type", "value"),
    [
        (Float(0.0), ChannelType.TIME_DOUBLE, 3.25),
        (Float(0.0), ChannelType.TIME_DOUBLE, float("nan")),
        (Int(0), ChannelType.TIME_LONG, -5),
        (Enum("No", ("No", "Yes")), ChannelType.TIME_ENUM, "Yes"),
    ],
)
@pytest.mark.parametrize("count", [0, 1])
def test_the_bytes_are_those_of_caproto(channel, data_type, value, count):
    async def compare():
        stamped, number = await published(channel, data_type, value)
        assert isinstance(number, Packed)
        ours = Update(subscription(data_type, count), stamped, number)
        metadata, values = await channel.read(data_type)
        return wire(ours), wire(ca.EventAddResponse(values, data_type, count or 1, 1, 7, metadata=metadata))

    ours, theirs = asyncio.run(compare())
    assert ours == theirs


@pytest.mark.parametrize(
    ("channel", "data_type", "value"),
    [
        (Float(0.0), ChannelType.DOUBLE, 3.0),
        (Float(0.0), ChannelType.TIME_LONG, 3.0),
        (Float(0.0), ChannelType.CTRL_DOUBLE, 3.0),
        (Int(0), ChannelType.TIME_STRING, 3),
    ],
)
def test_what_is_not_the_channels_own_number_goes_the_other_way(channel, data_type, value):
    async def ask():
        return await published(channel, data_type, value)

    _, values = asyncio.run(ask())
    assert not isinstance(values, Packed)
    assert len(values) == 1


def test_filters_and_events_that_are_off_are_caprotos():
    async def ask():
        stamped, number = await published(Float(0.0), ChannelType.TIME_DOUBLE, 2.5)
        off = subscription(ChannelType.TIME_DOUBLE)
        off.circuit.events_on.clear()
        filtered = subscription(ChannelType.TIME_DOUBLE, chosen=(False, object(), None, None))
        return [update_of(one, stamped, number) for one in (off, filtered)], number.values

    refused, values = asyncio.run(ask())
    assert refused == [None, None]
    assert values.tolist() == [2.5]
