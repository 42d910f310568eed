"""Primary keys of rows that may stand in a URL: random, and in order of time."""

import uuid

import uuid6


def uuid7() -> uuid.UUID:
    """A new UUIDv7 (RFC 9562): indexes stay dense, and a key tells nothing but when."""
    return uuid.UUID(bytes=uuid6.uuid7().bytes)
