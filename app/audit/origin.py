"""From where the changes of this thread come; set by middleware and commands, read when an event is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from audit.models import Channel


@dataclass(frozen=True)
class Origin:
    """A way in, and the address at its other end."""

    channel: Channel = Channel.SYSTEM
    address: str = ""


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current_origin() -> Origin:
    """Return from where changes come now; the system itself unless someone said otherwise."""
    return _origin.get() or Origin()


@contextmanager
def changes_from(channel: Channel, address: str = "") -> Iterator[None]:
    """Let all events recorded within come from there."""
    token = _origin.set(Origin(channel, address))
    try:
        yield
    finally:
        _origin.reset(token)
