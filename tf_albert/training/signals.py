"""Ctrl-C and SIGTERM wait, so that a step under way ends well."""

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def held_signals() -> Iterator[list[int]]:
    """Holds Ctrl-C and SIGTERM back within the block.

    Yields:
        A list that fills with the numbers of the signals that came.

    Example:

    >>> with held_signals() as received:
    ...     signal.raise_signal(signal.SIGTERM)
    ...     [signal.Signals(number).name for number in received]
    ['SIGTERM']
    """
    received: list[int] = []
    handlers = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        # Python allows handlers in the main thread only; elsewhere a signal acts as usual.
        with contextlib.suppress(ValueError):
            handlers[number] = signal.signal(number, lambda number, _: received.append(number))
    try:
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
