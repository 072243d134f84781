"""Text as Tango can carry it."""

from __future__ import annotations


def latin(text: str) -> str:
    """Return a text in Latin-1, the only characters that Tango carries."""
    return text.replace("…", "...").encode("latin-1", "replace").decode("latin-1")
