import hashlib
import os
import stat
from datetime import UTC, datetime, timedelta

import pytest

from appointments import sealing

NOON = datetime(2026, 5, 6, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def evidence_root(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


def files():
    return [path for path in sealing.root().rglob("*") if path.is_file()]


def test_seal_writes_once_read_only_and_hashes():
    sealed = sealing.seal([b"one", b"two"], suffix="bin")

    path = sealing.path_of(sealed.name)
    assert path.read_bytes() == b"onetwo"
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sealed.sha256 == hashlib.sha256(b"onetwo").hexdigest()
    assert sealed.size_bytes == 6
    assert files() == [path]


def test_seal_gives_the_same_bytes_another_name():
    names = {sealing.seal_bytes(b"same", suffix="pdf").name for _ in range(3)}

    assert len(names) == 3


def test_seal_never_replaces_a_file(monkeypatch):
    monkeypatch.setattr(sealing.secrets, "token_hex", lambda _: "ab" * 16)
    sealing.seal_bytes(b"first", suffix="bin")

    with pytest.raises(FileExistsError):
        sealing.seal_bytes(b"second", suffix="bin")

    assert [path.read_bytes() for path in files()] == [b"first"]


def test_seal_past_the_limit_leaves_nothing():
    def endless():
        while True:
            yield b"x" * 1000

    with pytest.raises(sealing.TooLarge):
        sealing.seal(endless(), suffix="bin", limit_bytes=5000)

    assert files() == []


def test_seal_that_breaks_off_leaves_nothing():
    def broken():
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        sealing.seal(broken(), suffix="bin")

    assert files() == []


def test_read_checks_every_byte():
    sealed = sealing.seal_bytes(b"evidence", suffix="bin")
    assert sealing.read(sealed.name, sealed.sha256) == b"evidence"
    path = sealing.path_of(sealed.name)
    path.chmod(0o600)
    path.write_bytes(b"Evidence")

    with pytest.raises(sealing.Damaged):
        sealing.read(sealed.name, sealed.sha256)
    path.unlink()
    with pytest.raises(sealing.Damaged):
        sealing.read(sealed.name, sealed.sha256)


@pytest.mark.parametrize(
    "name",
    ["../secret.pdf", "ab/../../x.pdf", "/etc/passwd", "ab/" + "0" * 31 + ".pdf", "", "ab/x\0.pdf"],
)
def test_path_of_takes_only_names_we_made(name):
    with pytest.raises(ValueError, match="Not the name"):
        sealing.path_of(name)


def test_compare_finds_what_disagrees_on_both_sides():
    kept, changed, litter = (sealing.seal_bytes(each, suffix="bin") for each in (b"a", b"b", b"c"))
    path = sealing.path_of(changed.name)
    path.chmod(0o600)
    path.write_bytes(b"B")
    lost = "ff/" + "f" * 32 + ".bin"

    found = sealing.compare({kept.name: kept.sha256, changed.name: changed.sha256, lost: "0" * 64})

    assert found == sealing.Comparison([litter.name], [lost], [changed.name])


def test_clear_parts_removes_only_old_ones():
    sealed = sealing.seal_bytes(b"a", suffix="bin")
    folder = sealing.path_of(sealed.name).parent
    old, new = folder / ".part-old", folder / ".part-new"
    for path, hours in ((old, 2), (new, 0.5)):
        path.write_bytes(b"half")
        then = (NOON - timedelta(hours=hours)).timestamp()
        os.utime(path, (then, then))

    assert sealing.clear_parts(at=NOON) == 1
    assert sorted(path.name for path in files()) == sorted([new.name, sealed.name[3:]])
