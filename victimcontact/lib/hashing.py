"""Hashes: plain ones for evidence, keyed ones for secrets and for finding encrypted values."""

import base64
import hashlib
import hmac

from django.conf import settings


def sha256_hex(data: bytes) -> str:
    """SHA-256 of ``data``, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def keyed_hash(purpose: str, value: str) -> str:
    """HMAC-SHA-256 of ``value`` under the index key, 64 hexadecimal digits.

    ``purpose`` parts the uses: one value gives unrelated hashes as a telephone number and as a
    link. The key stays outside the database, so a stolen table cannot be searched by guessing.
    """
    key = base64.b64decode(settings.INDEX_KEY)
    return hmac.new(key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()
