"""The pages of rosters: what a supervisor sees, sets, and is shown before anything changes."""

import re
import uuid
from datetime import date, time, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.timezone import now

from appointments import booking, selectors
from appointments.models import Desk, Shift
from appointments.rosters.models import Absence, Import, PatternMember, Profile, ShiftPattern
from tests import factories
from tests.appointments import factories as diary
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry
from victimcontact.lib.local_time import from_local, local

pytestmark = pytest.mark.django_db


@pytest.fixture
def sergeant():
    return factories.user(Role.SUPERVISOR)


@pytest.fixture
def client(sergeant):
    return factories.sign_in(Client(), sergeant)


def text(answer, status=200):
    assert answer.status_code == status, answer.content.decode()[:3000]
    return answer.content.decode()


def booked(shift, by):
    held = booking.hold(
        incident_id=diary.video_incident().pk,
        officer_id=shift.officer_id,
        starts_at=shift.during.lower,
        idempotency_key=uuid.uuid4(),
        by=by,
        at=now(),
    )
    return booking.book(appointment_id=held.pk, by=by, at=now())


HOURS = {
    "hours_mon": "08:30–21:30",
    "hours_tue": "08.30-24:00",
    "hours_wed": "22:00-06:00",
    "hours_thu": "9:00 to 17:00",
    "hours_fri": "09:00-17:00",
    "hours_sat": "closed",
    "hours_sun": "Closed",
    "hours_holiday": "",
}
DESK = {
    "name": "Rural desk",
    "kinds": ["video", "visit"],
    "slot_minutes": "45",
    "buffer_minutes": "15",
    "is_active": "on",
    **HOURS,
}


def test_a_desk_is_made_and_changed(client):
    client.post("/diary/rosters/desks/new/", DESK)
    made = Desk.objects.get()
    assert (made.slug, made.kinds, made.names_officer) == ("rural-desk", ["video", "visit"], False)
    assert made.hours == {
        "mon": ["08:30", "21:30"],
        "tue": ["08:30", "24:00"],
        "wed": ["22:00", "06:00"],
        "thu": ["09:00", "17:00"],
        "fri": ["09:00", "17:00"],
        "sat": [],
        "sun": [],
    }

    page = text(client.get(f"/diary/rosters/desks/{made.pk}/settings/"))
    assert 'value="22:00-06:00"' in page
    client.post(
        f"/diary/rosters/desks/{made.pk}/settings/", DESK | {"hours_holiday": "10:00-16:00"}
    )
    made.refresh_from_db()
    assert made.hours["holiday"] == ["10:00", "16:00"]
    types = list(Entry.objects.order_by("at").values_list("type", flat=True))
    assert [each for each in types if each.startswith("desk.")] == ["desk.added", "desk.changed"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"hours_mon": "8 to 5"}, "Enter the hours of Monday as 08:30-21:30"),
        ({"hours_mon": "09:00-09:00"}, "Enter the hours of Monday as 08:30-21:30"),
        ({"kinds": ["station"]}, "Enter the police station where people are met"),
        ({"kinds": []}, "Choose how its officers meet people"),
        ({"name": "🦊"}, "Enter a name that no other desk has"),
        ({"slot_minutes": "0"}, "greater than or equal to 5"),
    ],
)
def test_a_desk_that_cannot_be_is_refused_in_words(client, wrong, words):
    assert words in text(client.post("/diary/rosters/desks/new/", DESK | wrong), 422)
    assert Desk.objects.count() == 0


def test_a_date_with_other_hours(client):
    desk = diary.desk()
    on = local(now()).date() + timedelta(days=3)
    address = f"/diary/rosters/desks/{desk.pk}/days/"
    for because in ("Training", "Training day"):
        client.post(address, {"on": on, "opens": "", "closes": "", "because": because})
    assert [(day.on, day.opens, day.because) for day in desk.days.all()] == [
        (on, None, "Training day")
    ]
    assert "Enter both times" in text(
        client.post(address, {"on": on, "opens": "09:00", "because": "x"}), 422
    )

    client.post(f"{address}{desk.days.get().pk}/remove/")
    assert not desk.days.exists()


def test_the_week_is_drawn_for_each_officer(client, sergeant):
    shift = diary.shift(hours=6)
    appointment = booked(shift, sergeant)
    away = Absence.objects.create(
        officer=shift.officer, during=shift.during, kind="leave", recorded_at=now()
    )
    address = f"/diary/rosters/desks/{shift.desk_id}/?from={local(shift.during.lower).date()}"

    page = text(client.get(address))

    words = f"{local(shift.during.lower):%a %-d %b %H:%M} to {local(shift.during.upper):%H:%M}"
    for one in (f"Shift, {words}", f"Leave, {words}"):
        assert page.count(f'aria-label="{one}"') == 1
    assert f"/diary/rosters/shifts/{shift.pk}/" in page
    assert f"/diary/{appointment.pk}/" in page
    assert f"/diary/rosters/away/{away.pk}/" in page
    bar = re.search(r'vc-span--booked" x="(\d+)" y="8" width="(\d+)"', page)
    monday = local(shift.during.lower).date()
    monday -= timedelta(days=monday.weekday())
    begin = (shift.during.lower - from_local(monday, time(0))).total_seconds() // 60
    assert bar.groups() == (f"{begin:.0f}", "60")


@pytest.mark.parametrize(
    ("day", "length"), [("2027-03-28", 167), ("2026-10-25", 169), ("2026-11-18", 168)]
)
def test_weeks_of_the_clock_changes_are_as_long_as_they_are(client, day, length):
    desk = diary.desk()
    diary.shift(desk, starts_at=from_local(date.fromisoformat(day), time(9)))

    page = text(client.get(f"/diary/rosters/desks/{desk.pk}/", {"from": day}))

    assert f'viewBox="0 0 {length * 60} ' in page


def test_a_shift_that_is_booked_says_so_before_it_goes(client, sergeant):
    shift = diary.shift(hours=3)
    appointment = booked(shift, sergeant)
    other = diary.shift(starts_at=shift.during.lower)
    address = f"/diary/rosters/shifts/{shift.pk}/"

    page = text(client.post(address, {"do": "remove"}))
    assert appointment.incident.reference in page
    assert f"{other.officer.styled_name} can take it over" in page
    assert Shift.objects.filter(pk=shift.pk).exists()
    appointment.refresh_from_db()
    assert appointment.officer == shift.officer

    assert client.post(address, {"do": "remove", "seen": "yes"}).status_code == 302
    assert not Shift.objects.filter(pk=shift.pk).exists()
    appointment.refresh_from_db()
    assert appointment.officer == other.officer


def test_a_shift_with_nothing_on_it_goes_at_once(client):
    shift = diary.shift(hours=3)

    assert client.post(f"/diary/rosters/shifts/{shift.pk}/", {"do": "remove"}).status_code == 302
    assert not Shift.objects.exists()


def test_a_shift_is_added_and_one_that_overlaps_is_not(client):
    desk, officer = diary.desk(), factories.user(Role.VIDEO_OFFICER)
    on = local(now()).date() + timedelta(days=2)
    typed = {"officer": officer.pk, "desk": desk.pk, "on": on, "begins": "22:00", "ends": "07:00"}

    assert client.post("/diary/rosters/shifts/new/", typed).status_code == 302
    assert Shift.objects.get().during.upper == from_local(on + timedelta(days=1), time(7))
    refused = client.post("/diary/rosters/shifts/new/", typed | {"begins": "21:00"})
    assert "They have another shift then" in text(refused, 422)


def test_sickness_shows_who_is_booked_then_settles_them(client, sergeant):
    shift = diary.shift(hours=3)
    appointment = booked(shift, sergeant)
    day = local(shift.during.lower).date()
    typed = {
        "officer": shift.officer_id,
        "kind": "sickness",
        "first_on": day,
        "last_on": day + timedelta(days=1),
    }

    page = text(client.post("/diary/rosters/away/new/", typed))
    assert "somebody is asked to ring the victim" in page
    assert not Absence.objects.exists()

    answer = client.post("/diary/rosters/away/new/", typed | {"seen": "yes"}, follow=True)
    page = text(answer)
    assert appointment.incident.reference in page
    assert "Somebody is asked to ring" in page
    assert "1 appointment was settled. Somebody must ring about 1: see Tasks." in page
    absence = Absence.objects.get()
    client.post(f"/diary/rosters/away/{absence.pk}/back/")
    assert selectors.is_rostered(shift.desk, shift.officer, appointment.occupies)


def test_a_pattern_is_made_and_worked_and_left(client):
    desk, officer = diary.desk(), factories.user(Role.VIDEO_OFFICER)
    address = f"/diary/rosters/desks/{desk.pk}/patterns/"
    wrong = text(client.post(address, {"name": "Fours", "days": "07:00-15:00\n7-3"}), 422)
    assert "Line 2 is no shift" in wrong
    client.post(address, {"name": "Fours", "days": "07:00-15:00\n16:00-24:00\nrest\n"})
    pattern = ShiftPattern.objects.get()
    assert pattern.days == ["07:00-15:00", "16:00-24:00", ""]

    today = local(now()).date()
    client.post(
        f"/diary/rosters/patterns/{pattern.pk}/join/",
        {"officers": [officer.pk], "begins_on": today + timedelta(days=1)},
    )
    assert Shift.objects.count() == 28
    member = PatternMember.objects.get()
    client.post(f"/diary/rosters/members/{member.pk}/leave/", {"last_on": today})
    assert Shift.objects.count() == 1


def test_a_file_is_checked_then_added(client):
    diary.desk()
    officer = factories.user(Role.VIDEO_OFFICER)
    day = local(now()).date() + timedelta(days=5)

    def send(number):
        table = f"officer;desk;date;start;end\n{number};video;{day:%d/%m/%Y};07:00;15:00\n"
        file = SimpleUploadedFile("<b>may.csv", table.encode("cp1252"))
        return client.post("/diary/rosters/imports/new/", {"file": file}, follow=True)

    wrong = text(send("nobody"))
    assert "1 line of 1 cannot be used" in wrong
    assert "&lt;b&gt;may.csv" in wrong
    page = text(send(officer.collar_number))
    assert "<strong>1 shift</strong> would be added" in page
    assert Shift.objects.count() == 0

    found = Import.objects.get(problems=[])
    client.post(f"/diary/rosters/imports/{found.pk}/")
    assert Shift.objects.count() == 1
    assert "1 shift added" in text(client.get(f"/diary/rosters/imports/{found.pk}/"))


def test_an_officers_skills_are_set(client):
    officer = factories.user(Role.VIDEO_OFFICER)
    address = f"/diary/rosters/officers/{officer.pk}/"
    assert "Achieving Best Evidence" in text(client.get(address))

    client.post(address, {"skills": ["abe", "bsl"], "languages": ["cy"], "gender": "female"})

    profile = Profile.objects.get()
    assert (profile.skills, profile.languages, profile.gender) == (["abe", "bsl"], ["cy"], "female")
    assert "Achieving Best Evidence interviews, British Sign Language" in text(
        client.get("/diary/rosters/officers/")
    )


def test_another_force_sees_nothing(client):
    away = factories.user(Role.SUPERVISOR, at_force=factories.force("elsewhere"))
    stranger = factories.sign_in(Client(), away)
    shift = diary.shift()
    absence = Absence.objects.create(
        officer=shift.officer, during=shift.during, kind="leave", recorded_at=now()
    )
    pattern = ShiftPattern.objects.create(desk=shift.desk, name="One", days=["07:00-15:00"])
    for path in (
        f"desks/{shift.desk_id}/",
        f"desks/{shift.desk_id}/settings/",
        f"desks/{shift.desk_id}/patterns/",
        f"shifts/{shift.pk}/",
        f"away/{absence.pk}/",
        f"officers/{shift.officer_id}/",
        f"patterns/{pattern.pk}/join/",
    ):
        assert client.get(f"/diary/rosters/{path}").status_code == 200
        assert stranger.get(f"/diary/rosters/{path}").status_code == 404
    assert shift.desk.name not in text(stranger.get("/diary/rosters/"))


def test_how_full_a_desk_is(client, sergeant):
    shift = diary.shift(hours=6)
    booked(shift, sergeant)
    page = text(client.get("/diary/rosters/", {"from": local(shift.during.lower).date()}))
    assert "17% of the time worked this week is booked" in page
