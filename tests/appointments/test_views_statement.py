"""The statement and exhibits through their pages, without script and with it."""

import html
import re
import uuid
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from appointments import evidence, statements
from appointments.models import ContinuityEntry, Exhibit, Signature
from tests import factories
from tests.appointments import interview
from victimcontact.accounts.roles import Role
from victimcontact.lib.hashing import sha256_hex

pytestmark = pytest.mark.django_db

PART = {"HTTP_X_PART": "1"}
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture(autouse=True)
def evidence_root(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def call():
    return interview.begun()


@pytest.fixture
def officer(call):
    return factories.sign_in(Client(), call[0].officer)


@pytest.fixture
def victim(call):
    return interview.as_victim(Client(), call[1])


def address(name, appointment, *more):
    return reverse(f"appointments:{name}", args=[appointment.pk, *more])


def words_of(response):
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return html.unescape(re.sub(r"\s+", " ", text))


def draft(edits=0, **changes):
    fields = {"witness_name": "Arthur Bell", "body": "A man pushed me.", "edits": edits, **changes}
    return {f"statement-{name}": value for name, value in fields.items()}


def signing(version, **changes):
    fields = {"shown": version.final_sha256, "name": "Arthur Bell", "agreed": "on", **changes}
    return {f"sign-{name}": value for name, value in fields.items() if value is not None}


def photo(content=None, name="IMG_1.jpg", **changes):
    content = interview.photograph() if content is None else content
    fields = {"key": uuid.uuid4(), "sha256": "", "description": "My left arm", **changes}
    return {
        **{f"photo-{key}": value for key, value in fields.items()},
        "photo-photo": SimpleUploadedFile(name, content),
    }


# The whole way, without script


def test_statement_from_draft_to_seal_by_plain_forms(call, officer, victim):
    appointment, _ = call
    own = address("statement", appointment)
    assert "No statement has been started" in words_of(officer.get(own))

    assert officer.post(address("statement_start", appointment))["Location"] == own
    finalise = {**draft(), "do": "finalise"}
    assert officer.post(address("statement_save", appointment), finalise).status_code == 303
    version = statements.current_version(appointment)
    assert "Arthur Bell can now read these words" in words_of(officer.get(own))

    page = words_of(victim.get(reverse("appointments:statement_victim"), **PART))
    assert statements.declared(version) in page
    assert "A man pushed me." in page
    signed = victim.post(reverse("appointments:statement_sign"), signing(version))
    assert (signed.status_code, signed["Location"]) == (303, reverse("appointments:visit"))

    assert "Arthur Bell signed at" in words_of(officer.get(own))
    officer.post(address("statement_seal", appointment), {"seal-saw": "yes"})
    assert "Nothing in it can change" in words_of(officer.get(own))
    version.refresh_from_db()
    file = officer.get(address("statement_file", appointment, version.pk))
    assert sha256_hex(file.content) == version.signed_sha256
    assert [s.party for s in Signature.objects.order_by("id")] == ["witness", "officer"]


def test_statement_part_is_served_alone_to_a_script(call, officer):
    appointment, _ = call

    part = officer.get(address("statement", appointment), **PART).content.decode()

    assert part.lstrip().startswith("<section")
    assert "<html" not in part
    assert 'id="statement-part"' in part


# Saving


def test_statement_save_answers_a_script_with_the_new_counter(call, officer):
    appointment, _ = call
    interview.drafted(appointment, body="Old.")

    answer = officer.post(address("statement_save", appointment), draft(1, body="New."), **JSON)

    version = statements.current_version(appointment)
    assert answer.json() == {
        "edits": 2,
        "mark": "draft-1-2",
        "saved": answer.json()["saved"],
        "problems": {},
    }
    assert re.fullmatch(r"\d\d:\d\d:\d\d", answer.json()["saved"])
    assert version.body == "New."


def test_statement_save_keeps_the_draft_and_names_what_cannot_be_printed(call, officer):
    appointment, _ = call
    interview.drafted(appointment)

    answer = officer.post(
        address("statement_save", appointment), draft(1, body="He wrote 中 😀."), **JSON
    )

    assert answer.json()["problems"] == {
        "body": [
            "Write in words what cannot be printed: 中 (cjk unified ideograph-4e2d)",
        ]
    }
    assert statements.current_version(appointment).body == "He wrote 中 😀."
    page = officer.get(address("statement", appointment), **PART).content.decode()
    assert 'id="id_statement-body_error"' in page
    assert "He wrote 中 😀." in page


def test_statement_save_with_a_wrong_age_still_saves_the_words(call, officer):
    appointment, _ = call
    interview.drafted(appointment)

    answer = officer.post(
        address("statement_save", appointment),
        draft(1, body="More words.", age_if_under_18="seventeen"),
        **JSON,
    )

    assert list(answer.json()["problems"]) == ["age_if_under_18"]
    assert statements.current_version(appointment).body == "More words."


def test_statement_save_from_a_second_tab_shows_both_texts(call, officer):
    appointment, _ = call
    interview.drafted(appointment, body="From the first tab.")
    late = draft(0, body="From the second tab.")

    to_script = officer.post(address("statement_save", appointment), late, **JSON)
    page = officer.post(address("statement_save", appointment), late)

    assert (to_script.status_code, to_script.json()) == (409, {"behind": True})
    assert page.status_code == 409
    text = page.content.decode()
    assert "From the first tab." in text
    assert re.search(r"<textarea[^>]*>\s*From the second tab\.", text)
    again = officer.post(address("statement_save", appointment), draft(1, body="Both."))
    assert again.status_code == 303
    assert statements.current_version(appointment).body == "Both."


def test_statement_finalise_says_what_is_missing_and_loses_nothing(call, officer):
    appointment, _ = call
    interview.drafted(appointment)

    page = officer.post(
        address("statement_save", appointment),
        {**draft(1, body="", occupation="Retired miner"), "do": "finalise"},
    )

    assert page.status_code == 422
    assert "Enter the statement" in words_of(page)
    assert 'value="Retired miner"' in page.content.decode()
    assert statements.current_version(appointment).status == "draft"


def test_statement_too_long_is_refused_with_both_numbers(call, officer):
    appointment, _ = call
    interview.drafted(appointment)

    page = officer.post(address("statement_save", appointment), draft(1, body="x" * 50_001))

    assert page.status_code == 422
    assert "The statement must be 50000 characters or fewer. It has 50001" in words_of(page)
    assert "x" * 50_001 in page.content.decode()


def test_statement_typed_after_it_was_finalised_is_shown_back(call, officer):
    appointment, _ = call
    interview.finalised(appointment)

    page = officer.post(address("statement_save", appointment), draft(1, body="Typed too late."))

    assert page.status_code == 409
    assert "Typed too late." in words_of(page)


# The victim's side


def test_victim_sees_no_word_of_a_draft(call, victim):
    interview.drafted(call[0], body="Secret so far.")

    page = words_of(victim.get(reverse("appointments:statement_victim"), **PART))

    assert "The officer is writing down what you say" in page
    assert "Secret so far." not in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "Type your full name to sign"),
        ({"name": "   "}, "Type your full name to sign"),
        ({"name": "王伟"}, "We cannot print this sign: 王 伟. Type your name without it"),
        ({"name": "A" * 101}, "Your name must be 100 letters or fewer"),
        ({"agreed": None}, "Tick the box if the words are true"),
    ],
)
def test_sign_says_what_is_missing_beside_the_field(call, victim, changes, message):
    version = interview.finalised(call[0])

    page = victim.post(reverse("appointments:statement_sign"), signing(version, **changes), **PART)

    assert page.status_code == 422
    assert message in words_of(page)
    assert not Signature.objects.exists()


def test_sign_form_is_never_ticked_or_filled_beforehand(call, victim):
    interview.finalised(call[0])

    page = victim.get(reverse("appointments:statement_victim"), **PART).content.decode()

    [tick] = re.findall(r'<input type="checkbox"[^>]*>', page)
    [name] = re.findall(r'<input type="text"[^>]*>', page)
    assert "checked" not in tick
    assert "value=" not in name


def test_sign_words_that_changed_meanwhile_asks_to_read_again(call, victim):
    appointment, _ = call
    shown = interview.finalised(appointment, body="First words.")
    statements.reopen(version_id=shown.pk, by=appointment.officer, at=now())
    interview.finalised(appointment, body="Second words.")

    page = victim.post(reverse("appointments:statement_sign"), signing(shown), **PART)

    assert page.status_code == 409
    assert "The words changed while you read" in words_of(page)
    assert "Second words." in words_of(page)
    assert not Signature.objects.exists()


def test_sign_twice_signs_once(call, victim):
    version = interview.finalised(call[0])

    for _ in range(2):
        assert (
            victim.post(reverse("appointments:statement_sign"), signing(version)).status_code == 303
        )

    assert Signature.objects.get().device["browser"] == ""


def test_victim_opens_own_paper_under_a_neutral_name(call, victim):
    version = interview.finalised(call[0])

    file = victim.get(reverse("appointments:statement_victim_file"))

    assert sha256_hex(file.content) == version.final_sha256
    assert file["Content-Disposition"] == 'attachment; filename="copy.pdf"'
    assert file["X-Content-Type-Options"] == "nosniff"
    assert file["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert ContinuityEntry.objects.get().act == "viewed"


PUBLIC = ["statement_victim", "statement_sign", "statement_victim_file", "exhibits_victim"]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_addresses_are_shut_without_a_visit(name):
    url = reverse(f"appointments:{name}")

    answers = {Client().get(url).status_code, Client().post(url).status_code}

    assert answers <= {403, 405}


def test_whoever_was_not_let_in_sees_and_sends_nothing(call):
    appointment, _ = call
    version = interview.finalised(appointment, body="For her eyes.")
    stranger = interview.as_victim(Client(), interview.visit_to(appointment))

    part = stranger.get(reverse("appointments:statement_victim"), **PART)
    sign = stranger.post(reverse("appointments:statement_sign"), signing(version))
    file = stranger.get(reverse("appointments:statement_victim_file"))
    send = stranger.post(reverse("appointments:exhibits_victim"), photo())

    assert "For her eyes." not in words_of(part)
    assert [each.status_code for each in (sign, file, send)] == [404, 404, 404]
    assert not Signature.objects.exists()
    assert not Exhibit.objects.exists()


# Photos


def test_photo_sent_by_plain_form_arrives_and_is_hashed(call, victim):
    content = interview.photograph()

    answer = victim.post(reverse("appointments:exhibits_victim"), photo(content))

    assert (answer.status_code, answer["Location"]) == (303, reverse("appointments:visit"))
    assert Exhibit.objects.get().sha256 == sha256_hex(content)


def test_photo_is_called_received_only_with_its_number(call, victim):
    content = interview.photograph()

    page = victim.post(
        reverse("appointments:exhibits_victim"),
        photo(content, sha256=sha256_hex(content)),
        **PART,
    )

    assert page.status_code == 200
    assert "Received. The officer has your photo. Its number is AB/1 ." in words_of(page)


@pytest.mark.parametrize(
    ("sent", "status", "message"),
    [
        (photo(b""), 422, "This file is empty. Choose another photo"),
        (photo(b"<html><script>x</script>"), 422, "This is not a photo we can take"),
        (photo(b"GIF89a" + b"\0" * 99), 422, "This is not a photo we can take"),
        (photo(name="IMG.svg"), 422, "The name of this file does not end like a photo’s"),
        (photo(interview.photograph() + b"<?php"), 422, "This file holds more than a photo"),
        (photo(interview.photograph()[:300]), 422, "This photo is damaged or was cut off"),
        (photo(b"\xff\xd8\xff" + b"\0" * 2_000_000), 413, "This photo is larger than 1 MB"),
        (photo(b"\xff\xd8\xff" + b"\0" * 3_200_000), 413, "This photo is larger than 1 MB"),
        (photo(sha256="0" * 64), 422, "The photo did not arrive as you sent it. Send it again"),
        (photo(description=""), 422, "Say in a few words what the photo shows"),
        (photo(description="中"), 422, "We cannot print this sign: 中. Use words for it"),
        ({**photo(), "photo-photo": ""}, 422, "Choose a photo to send"),
        (photo(name="n" * 300 + ".jpg", content=b""), 422, "This file is empty"),
        (photo(name="../../x\0.jpg", content=b""), 422, "This file is empty"),
    ],
)
def test_wrong_photo_gets_a_clear_message_and_is_not_kept(
    call, victim, settings, sent, status, message
):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    if hasattr(sent["photo-photo"], "seek"):
        sent["photo-photo"].seek(0)

    page = victim.post(reverse("appointments:exhibits_victim"), sent, **PART)

    assert page.status_code == status
    assert message in words_of(page)
    assert not Exhibit.objects.exists()


def test_refused_photo_keeps_its_description(call, victim):
    page = victim.post(
        reverse("appointments:exhibits_victim"), photo(b"", description="The broken door"), **PART
    )

    assert 'value="The broken door"' in page.content.decode()


def test_photo_needs_the_form_token(call):
    visit = call[1]
    client = interview.as_victim(Client(enforce_csrf_checks=True), visit)

    answer = client.post(reverse("appointments:exhibits_victim"), photo())

    assert answer.status_code == 403
    assert not Exhibit.objects.exists()


def test_officer_sees_the_exhibit_and_its_continuity(call, officer):
    appointment, visit = call
    exhibit = interview.send(appointment, visit, description="My left arm")

    part = words_of(officer.get(address("exhibits", appointment), **PART))
    copy = officer.get(address("exhibit_copy", appointment, exhibit.pk))
    page = words_of(officer.get(address("exhibit", appointment, exhibit.pk)))

    assert "AB/1" in part
    assert exhibit.sha256 in part
    assert copy["Content-Type"] == "image/jpeg"
    assert copy["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert copy["Content-Disposition"].startswith('inline; filename="AB-1-')
    assert "Copy made for viewing The system" in page
    assert f"Viewed {appointment.officer.styled_name}" in page


def test_export_needs_a_reason_and_gives_the_original(call, officer):
    appointment, visit = call
    original = interview.photograph()
    exhibit = interview.send(appointment, visit, original)
    url = address("exhibit", appointment, exhibit.pk)

    refused = officer.post(url, {"export-reason": " "})
    file = officer.post(url, {"export-reason": "Forensic lab"})

    assert refused.status_code == 422
    assert "Say why you need the original" in words_of(refused)
    assert file.content == original
    assert file["Content-Disposition"].startswith("attachment")
    assert exhibit.continuity.get(act="exported").reason == "Forensic lab"


# Who may


OFFICER_PAGES = ["statement", "exhibits"]
OFFICER_POSTS = [
    "statement_start",
    "statement_save",
    "statement_reopen",
    "statement_seal",
    "statement_correct",
]


@pytest.mark.parametrize("name", OFFICER_PAGES + OFFICER_POSTS)
def test_staff_of_another_force_find_nothing(call, name):
    interview.finalised(call[0])
    other = factories.user(Role.VIDEO_OFFICER, at_force=factories.force("southmoor"))
    client = factories.sign_in(Client(), other)
    url = address(name, call[0])

    answer = client.get(url) if name in OFFICER_PAGES else client.post(url, draft())

    assert answer.status_code == 404


@pytest.mark.parametrize("name", OFFICER_POSTS)
def test_readers_may_not_write(call, name):
    client = factories.sign_in(Client(), factories.user(Role.AUDITOR))

    assert client.post(address(name, call[0]), draft()).status_code == 403


def test_readers_see_words_without_buttons(call):
    appointment, _ = call
    interview.drafted(appointment, body="Words so far.")
    client = factories.sign_in(Client(), factories.user(Role.AUDITOR))

    page = client.get(address("statement", appointment), **PART).content.decode()

    assert "Words so far." in page
    assert "<button" not in page


def test_file_of_another_appointment_is_not_served(call, officer):
    other, other_visit = interview.begun(name="Somebody Else")
    version = interview.finalised(other)
    exhibit = interview.send(other, other_visit)

    answers = [
        officer.get(address("statement_file", call[0], version.pk)).status_code,
        officer.get(address("exhibit", call[0], exhibit.pk)).status_code,
        officer.get(address("exhibit_copy", call[0], exhibit.pk)).status_code,
    ]

    assert answers == [404, 404, 404]


def test_large_body_is_read_without_filling_the_disk(settings, rf):
    from appointments.views_evidence import LimitedUpload

    settings.UPLOAD_MAX_BYTES = 100_000
    request = rf.post("/a/page/4/", {"photo-photo": BytesIO(b"x" * 1_000_000)})
    request.upload_handlers = [LimitedUpload(request)]

    kept = request.FILES["photo-photo"]

    assert 100_000 < kept.size <= 100_000 + 2 * 65_536
    with pytest.raises(evidence.sealing.TooLarge):
        evidence.sealing.seal(kept.chunks(), suffix="bin", limit_bytes=100_000)
