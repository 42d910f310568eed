"""Work of the clock over many rows, each by itself."""

import logging
from collections.abc import Callable, Iterable

logger = logging.getLogger(__name__)


def each(act: Callable, keys: Iterable) -> int:
    """``act(key)`` for each of ``keys``; for how many it answered true.

    What breaks one of them is logged by its kind and stops no other: the clock comes again.
    """
    name = getattr(act, "func", act).__qualname__
    done = 0
    for key in keys:
        try:
            done += bool(act(key))
        except Exception as error:
            logger.error("%s broke at %s: %s", name, key, type(error).__name__)
    return done
