"""Is this copy the sealed statement? One changed byte and it is not."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from appointments import sealing
from appointments.models import ContinuityEntry
from tests.appointments import interview
from victimcontact.audit.models import Entry


@pytest.fixture(autouse=True)
def evidence_root(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def sealed(db):
    return interview.sealed(*interview.begun())


def run(*args):
    out = StringIO()
    call_command("verify_statement", *map(str, args), stdout=out)
    return out.getvalue()


def copy_of(version, tmp_path, change=lambda content: content):
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(change(sealing.path_of(version.signed_file).read_bytes()))
    return copy


def test_verify_knows_a_sealed_statement_and_names_nobody(sealed, tmp_path):
    said = run(copy_of(sealed, tmp_path))

    assert said.startswith(f"Sealed statement {sealed.statement_id}, version 1, 1 page(s), signed")
    assert sealed.signed_sha256 in said
    assert "Bell" not in said
    entry = ContinuityEntry.objects.get()
    assert (entry.act, entry.sha256) == ("verified", sealed.signed_sha256)
    assert Entry.objects.filter(type="statement.verified").count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content[:500] + bytes([content[500] ^ 1]) + content[501:],
        lambda content: content + b"\n",
        lambda content: content[:-1],
        lambda content: b"",
    ],
)
def test_verify_refuses_one_changed_byte(sealed, tmp_path, change):
    with pytest.raises(CommandError, match="Not a sealed statement: no such seal"):
        run(copy_of(sealed, tmp_path, change))

    assert not ContinuityEntry.objects.exists()


def test_verify_tells_the_unsigned_paper_from_the_sealed_one(sealed):
    with pytest.raises(CommandError, match="the unsigned text that was shown for signing"):
        run(sealing.path_of(sealed.final_file))


def test_verify_names_a_file_it_cannot_read(tmp_path, db):
    with pytest.raises(CommandError, match="Cannot read"):
        run(tmp_path / "nothing.pdf")


def test_verify_with_a_hash_needs_no_database(tmp_path):
    """No database mark: pytest-django would stop any query."""
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(b"paper")
    sha256 = sealing.sha256_of(copy)

    assert run(copy, "--hash", sha256.upper()) == f"The same, byte for byte. SHA-256 {sha256}\n"
    with pytest.raises(CommandError, match="Not the same"):
        run(copy, "--hash", "0" * 64)
    with pytest.raises(CommandError, match="64 hexadecimal"):
        run(copy, "--hash", "paper")


def test_verify_evidence_finds_what_disagrees(sealed):
    out = StringIO()
    call_command("verify_evidence", stdout=out)
    assert out.getvalue() == "Every file agrees with its row\n"

    litter = sealing.seal_bytes(b"no row", suffix="bin")
    sealing.path_of(sealed.final_file).unlink()
    out = StringIO()
    with pytest.raises(CommandError, match="2 files disagree"):
        call_command("verify_evidence", stdout=out)

    assert out.getvalue().splitlines() == [
        f"missing: {sealed.final_file}",
        f"without a row: {litter.name}",
    ]
