"""Where a monotonic function has a value."""

from __future__ import annotations

from collections.abc import Callable

HALVINGS = 200  # more than doubles can tell apart


def bisect(f: Callable[[float], float], value: float, low: float, high: float) -> float:
    """Return the x in [low, high] at which the monotonic `f` has `value`, to the last digit of a float.

    Where the value lies outside what `f` takes on there, the nearer end is returned.
    """
    rising = f(high) >= f(low)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if (f(middle) < value) == rising:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
