"""Files written once: hashed while they are written, named by us, never changed or replaced.

The files lie under ``settings.EVIDENCE_ROOT``, which no web server may serve. A file comes to
rest before the row that names it is committed, so a killed process can leave a file without a
row, never a row without a file; ``compare`` finds both kinds.
"""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings

NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}\.[a-z0-9]{2,5}")
PART = ".part-"
CHUNK_BYTES = 1 << 20


class TooLarge(Exception):
    """More bytes came than the limit allows; nothing was kept."""


class Damaged(Exception):
    """The file is missing, or its bytes are not the ones that were sealed."""


@dataclass(frozen=True)
class Sealed:
    """A file at rest: its generated name, SHA-256 in hex and size."""

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Comparison:
    """Names of files without a row, rows without a file, and files whose bytes changed."""

    without_row: list[str]
    without_file: list[str]
    changed: list[str]


def seal(chunks, *, suffix, limit_bytes=None):
    """Write the ``chunks`` of bytes to a new read-only file and return it as Sealed.

    ``suffix`` is the extension without a dot. Raises TooLarge past ``limit_bytes``; whatever is
    raised, nothing is left behind. The file and its folder are synced before this returns.
    """
    key = secrets.token_hex(16)
    name = f"{key[:2]}/{key}.{suffix}"
    folder = root() / key[:2]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix=PART) as part:
        for chunk in chunks:
            size += len(chunk)
            if limit_bytes is not None and size > limit_bytes:
                raise TooLarge
            digest.update(chunk)
            part.write(chunk)
        part.flush()
        os.fchmod(part.fileno(), 0o400)
        os.fsync(part.fileno())
        # A link, not a rename: it refuses to replace a file that is already there.
        os.link(part.name, path_of(name))
    _sync_folder(folder)
    return Sealed(name=name, sha256=digest.hexdigest(), size_bytes=size)


def seal_bytes(content, *, suffix):
    """Seal ``content``, all of it in memory. See ``seal``."""
    return seal([content], suffix=suffix)


def discard(name):
    """Remove a file whose row was never committed."""
    path_of(name).unlink(missing_ok=True)


def read(name, sha256):
    """Return the bytes of a sealed file after checking them. Raises Damaged."""
    try:
        content = path_of(name).read_bytes()
    except FileNotFoundError:
        raise Damaged(name) from None
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), sha256):
        raise Damaged(name)
    return content


def sha256_of(path):
    """Return the SHA-256 of any file as hex, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compare(rows):
    """Compare ``rows``, a mapping of name to SHA-256, with the files. Returns Comparison."""
    here = {
        f"{path.parent.name}/{path.name}"
        for path in root().glob("??/*")
        if not path.name.startswith(PART)
    }
    return Comparison(
        without_row=sorted(here - rows.keys()),
        without_file=sorted(rows.keys() - here),
        changed=sorted(
            name for name in here & rows.keys() if sha256_of(path_of(name)) != rows[name]
        ),
    )


def clear_parts(*, at, older_than=timedelta(hours=1)):
    """Remove half-written files that a killed process left. Returns how many."""
    removed = 0
    for path in root().glob(f"??/{PART}*"):
        if path.stat().st_mtime < (at - older_than).timestamp():
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def root():
    """Return the folder of all sealed files."""
    return Path(settings.EVIDENCE_ROOT)


def path_of(name):
    """Return where the file ``name`` lies. Raises ValueError for a name we did not make."""
    if not NAME.fullmatch(name):
        raise ValueError("Not the name of a sealed file")
    return root() / name


def _sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
