"""Free time: what is offered to whom, by which officer; never outside hours or in an absence."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.timezone import now

from appointments import selectors, slots, views_booking
from appointments.models import Shift
from appointments.rosters import skills
from appointments.rosters.models import Absence, DeskDay, Profile, UrgencyBand
from appointments.selectors import Wishes
from tests import factories
from tests.appointments import factories as diary
from triage.models import Incident
from victimcontact.accounts.roles import Role
from victimcontact.lib import local_time

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MONDAY = date(2027, 6, 7)
EARLY = local_time.from_local(MONDAY, time(5))


@pytest.fixture
def desk():
    return diary.desk(hours={}, opens=time(9), closes=time(17))


def officer(desk, **fields):
    learnt = fields.pop("skills", [])
    languages = fields.pop("languages", [])
    person = factories.user(Role.VIDEO_OFFICER, at_force=desk.force, **fields)
    if learnt or languages:
        Profile.objects.create(user=person, skills=learnt, languages=languages)
    return person


def works(person, desk, day=MONDAY, begins=time(9), ends=time(17)):
    start, end = local_time.from_local(day, begins), local_time.from_local(day, ends)
    if end <= start:
        end += timedelta(days=1)
    return Shift.objects.create(desk=desk, officer=person, during=DateTimeTZRange(start, end))


def walls(slots):
    return [f"{local_time.local(slot.starts_at):%a %H:%M}" for slot in slots]


def hourly(desk, *, at=EARLY, **more):
    return selectors.free_slots(desk, at=at, every=60, limit=100, **more)


def test_no_roster_no_slot(desk):
    officer(desk)

    assert hourly(desk) == []


def test_only_while_the_desk_is_open(desk):
    works(officer(desk), desk, begins=time(7), ends=time(12))
    desk.hours = {"mon": ["10:00", "24:00"]}
    desk.save()

    assert walls(hourly(desk)) == ["Mon 10:00", "Mon 11:00"]


def test_a_closed_weekday_gives_nothing_and_an_inactive_desk_too(desk):
    works(officer(desk), desk)
    for change in ({"hours": {"mon": []}}, {"hours": {}, "is_active": False}):
        for name, value in change.items():
            setattr(desk, name, value)
        desk.save()

        assert hourly(desk) == []


def test_hours_over_midnight_belong_to_the_evening_before(desk):
    works(officer(desk), desk, begins=time(20), ends=time(4))
    desk.hours = {"mon": ["22:00", "02:00"], "tue": []}
    desk.save()

    assert walls(hourly(desk)) == ["Mon 22:00", "Mon 23:00", "Tue 00:00", "Tue 01:00"]


def test_a_bank_holiday_has_its_own_hours_and_a_date_its_own_before_those(desk):
    holiday = date(2027, 5, 31)
    works(officer(desk), desk, holiday)
    at = local_time.from_local(holiday, time(5))

    desk.hours = {"holiday": ["09:00", "11:00"]}
    desk.save()
    assert walls(hourly(desk, at=at)) == ["Mon 09:00", "Mon 10:00"]

    one = DeskDay.objects.create(
        desk=desk, on=holiday, opens="13:00", closes="14:00", because="Move"
    )
    assert walls(hourly(desk, at=at)) == ["Mon 13:00"]
    assert not selectors.is_rostered(desk, Shift.objects.get().officer, _hour(holiday, 10))
    one.opens = one.closes = None
    one.save()
    assert hourly(desk, at=at) == []


def _hour(day, hour):
    start = local_time.from_local(day, time(hour))
    return DateTimeTZRange(start, start + HOUR)


def test_an_absence_gives_no_slot_until_it_is_taken_back(desk):
    person = officer(desk)
    works(person, desk, ends=time(12))
    absence = Absence.objects.create(
        officer=person, during=_hour(MONDAY, 10), kind="leave", recorded_at=EARLY
    )

    assert walls(hourly(desk)) == ["Mon 09:00", "Mon 11:00"]
    assert not selectors.is_rostered(desk, person, _hour(MONDAY, 10))
    assert selectors.is_rostered(desk, person, _hour(MONDAY, 11))
    absence.ended_at = EARLY
    absence.save()
    assert walls(hourly(desk)) == ["Mon 09:00", "Mon 10:00", "Mon 11:00"]


@pytest.mark.parametrize(
    ("day", "begins", "expected"),
    [
        # The clocks go forward at 1am: there is no half past one. Times in UTC.
        (date(2027, 3, 28), time(0), ["00:00", "01:00", "02:00"]),
        # They go back at 2am: the hour from one is there twice.
        (date(2026, 10, 25), time(0), ["23:00", "00:00", "01:00", "02:00", "03:00"]),
    ],
)
def test_nights_of_the_clock_changes(desk, day, begins, expected):
    desk.hours = diary.DAY_AND_NIGHT
    desk.save()
    works(officer(desk), desk, day, begins, time(4))
    at = local_time.from_local(day - timedelta(days=1), time(12))

    found = hourly(desk, at=at)

    assert [f"{slot.starts_at.astimezone(UTC):%H:%M}" for slot in found] == expected
    assert {slot.ends_at - slot.starts_at for slot in found} == {timedelta(minutes=45)}


@pytest.mark.parametrize(
    ("day", "first"), [(date(2027, 3, 28), "08:00"), (date(2026, 10, 25), "09:00")]
)
def test_the_desk_opens_by_the_wall_clock_on_the_day_of_a_change(desk, day, first):
    works(officer(desk), desk, day, time(6), time(12))
    at = local_time.from_local(day - timedelta(days=1), time(12))

    assert f"{hourly(desk, at=at)[0].starts_at.astimezone(UTC):%H:%M}" == first


def test_who_has_least_to_do_that_week_is_given_the_time(desk):
    busy, idle = officer(desk), officer(desk)
    for person in (busy, idle):
        works(person, desk)
        works(person, desk, MONDAY + timedelta(days=3))
    # On another day of the same week.
    thursday = Shift.objects.filter(officer=busy).order_by("-during").first()
    diary.appointment(at_shift=thursday)

    found = hourly(desk, until=EARLY + timedelta(hours=12))

    assert [slot.officer_id for slot in found] == [idle.pk] * 8
    # Of the week after, both have as much: times go to the one and to the other.
    for person in (busy, idle):
        works(person, desk, MONDAY + timedelta(days=7))
    later = hourly(desk, since=EARLY + timedelta(days=6), until=EARLY + timedelta(days=8))
    assert {slot.officer_id for slot in later} == {busy.pk, idle.pk}


def test_wishes_and_skills_choose_the_officer(desk):
    woman = officer(desk, gender="female", skills=["abe"], languages=["cy"])
    man = officer(desk, gender="male", skills=["bsl"])
    works(woman, desk)
    works(man, desk)

    def who(**wishes):
        return {slot.officer_id for slot in hourly(desk, wishes=Wishes(**wishes))}

    assert who() == {woman.pk, man.pk}
    assert who(gender="male") == {man.pk}
    assert who(language="cy") == {woman.pk}
    assert who(skills=("bsl",)) == {man.pk}
    assert who(skills=("bsl", "abe")) == set()
    assert who(officer_id=man.pk) == {man.pk}
    found = hourly(desk, wishes=Wishes(parts_of_day=("afternoon",)))
    assert walls(found)[0] == "Mon 12:00"
    desk.skills = ["abe"]
    assert who() == {woman.pk}


def report(desk, *, flags=(), at=EARLY, **victim):
    """An incident of that day with these flags, of a victim with these fields."""
    person = diary.reachable_victim(desk.force)
    for name, value in victim.items():
        setattr(person, name, value)
    person.save()
    made = factories.incident(victim=person, grade=3, at=at)
    factories.assessment(made, at=at, flags=list(flags))
    return made


def test_choices_are_spread_over_days_and_apart(desk):
    people = [officer(desk), officer(desk)]
    for number in range(6):
        for person in people:
            works(person, desk, MONDAY + timedelta(days=number))

    slots = selectors.slots_for(report(desk), at=EARLY, limit=6)

    assert walls(slots) == [
        "Mon 09:00",
        "Mon 13:00",
        "Tue 09:00",
        "Tue 13:00",
        "Wed 09:00",
        "Wed 13:00",
    ]


def test_what_is_critical_is_offered_within_a_day_only(desk):
    person = officer(desk, skills=["domestic-abuse", "abe"])
    for number in range(3):
        works(person, desk, MONDAY + timedelta(days=number), ends=time(11))
    critical = report(desk, flags=["stalking"])

    found = selectors.slots_for(critical, at=EARLY)
    assert set(walls(found)) == {"Mon 09:00", "Mon 10:00"}
    assert {slot.missed for slot in found} == {()}

    # Nothing within the day: the first after it, and it says so.
    Shift.objects.filter(during__startswith__lt=EARLY + timedelta(days=1)).delete()
    late = selectors.slots_for(critical, at=EARLY)
    assert walls(late)[0] == "Tue 09:00"
    assert {slot.missed for slot in late} == {("band",)}


def test_a_force_sets_its_own_bands(desk):
    works(officer(desk), desk)
    works(officer(desk), desk, MONDAY + timedelta(days=2))
    UrgencyBand.objects.create(
        force=desk.force, order=1, name="Soon", flags=["hate_crime"], within_hours=12
    )
    UrgencyBand.objects.create(
        force=desk.force, order=2, name="Later", from_hours=24, within_hours=96
    )

    soon = selectors.slots_for(report(desk, flags=["hate_crime"]), at=EARLY)
    later = selectors.slots_for(report(desk), at=EARLY)

    assert {text[:3] for text in walls(soon)} == {"Mon"}
    assert {text[:3] for text in walls(later)} == {"Wed"}


@pytest.mark.parametrize(
    ("flags", "victim", "learnt"),
    [
        (["coercive_control"], {}, "domestic-abuse"),
        (["child_sexual_exploitation"], {}, "abe"),
        ([], {"date_of_birth": "2015-02-01"}, "abe"),
        ([], {"language": "cy"}, "welsh"),
        ([], {"needs": {"interpreter": "BSL, please"}}, "bsl"),
        ([], {"needs": {"adaptations": ["bsl"]}}, "bsl"),
    ],
)
def test_flags_and_needs_ask_for_a_skill(desk, flags, victim, learnt):
    skills.ensure_usual(desk.force)
    works(officer(desk, skills=["other"]), desk)
    able = officer(desk, skills=[learnt, "other"])
    made = report(desk, flags=flags, **victim)
    assert selectors.slots_for(made, at=EARLY) == []

    works(able, desk)

    assert {slot.officer_id for slot in selectors.slots_for(made, at=EARLY)} == {able.pk}


def test_needs_that_only_sound_alike_ask_for_nothing(desk):
    skills.ensure_usual(desk.force)
    works(officer(desk), desk)

    assert selectors.slots_for(report(desk, needs={"note": "Welshpool road"}), at=EARLY)


def test_a_wish_that_cannot_be_met_is_named(desk):
    man = officer(desk, gender="male")
    works(man, desk, ends=time(12))
    wishes = Wishes(gender="female", parts_of_day=("afternoon",))

    found = selectors.slots_for(report(desk), at=EARLY, wishes=wishes)
    assert {slot.missed for slot in found} == {("gender", "time")}

    # One who meets more is offered alone, even later.
    woman = officer(desk, gender="female")
    works(woman, desk, MONDAY + timedelta(days=1), ends=time(12))
    found = selectors.slots_for(report(desk), at=EARLY, wishes=wishes)
    assert {(slot.officer_id, slot.missed) for slot in found} == {(woman.pk, ("time",))}


def test_one_query_however_many_officers(desk, django_assert_num_queries):
    for _ in range(5):
        works(officer(desk), desk)

    with django_assert_num_queries(1):
        assert hourly(desk)
    with django_assert_num_queries(1):
        assert hourly(desk, wishes=Wishes(gender="female")) == []


def test_the_limit_counts_times_over_days(desk):
    for number in range(4):
        works(officer(desk), desk, MONDAY + timedelta(days=number), ends=time(12))

    found = selectors.free_slots(desk, at=EARLY, every=60, limit=5)

    assert walls(found) == ["Mon 09:00", "Mon 10:00", "Mon 11:00", "Tue 09:00", "Tue 10:00"]


def test_nothing_is_offered_sooner_than_a_text_arrives(desk):
    at = datetime(2027, 6, 7, 12, 50, tzinfo=UTC)  # 13:50 in London
    works(officer(desk), desk)

    assert walls(hourly(desk, at=at)) == ["Mon 15:00", "Mon 16:00"]


def test_the_times_of_a_day_are_of_officers_whom_they_asked_for(desk):
    works(officer(desk, gender="male"), desk)
    woman = officer(desk, gender="female")
    works(woman, desk, begins=time(14))
    made = report(desk)
    victim = made.victim
    victim.needs = {"officer": "female"}
    victim.save()

    found = views_booking.free_for(made, victim, "video", desk, MONDAY, EARLY)

    assert {slot.officer_id for slot in found} == {woman.pk}


def test_other_times_are_as_those_that_were_offered_first(desk):
    desk.hours = {"mon": ["00:00", "24:00"]}
    desk.save()
    works(officer(desk, gender="female"), desk, begins=time(0), ends=time(12))
    works(officer(desk, gender="male"), desk, begins=time(0), ends=time(23))
    made = report(desk, needs={"officer": "female"})
    evening_before = local_time.from_local(MONDAY, time(0)) - 4 * HOUR

    def other_times(gone, at=evening_before):
        return slots.around(made, local_time.from_local(MONDAY, gone), kind="video", at=at)

    late = other_times(time(9), at=local_time.from_local(MONDAY, time(13)))
    assert walls(other_times(time(9))) == ["Mon 08:00", "Mon 08:30", "Mon 09:00", "Mon 09:30"]
    assert walls(other_times(time(5))) == ["Mon 07:00", "Mon 07:30", "Mon 08:00", "Mon 08:30"]
    assert {slot.missed for slot in other_times(time(9))} == {()}
    assert {slot.missed for slot in late} == {("gender",)}


def test_the_times_of_a_day_say_that_they_are_later_than_it_is_urgent(desk):
    works(officer(desk), desk)
    works(officer(desk), desk, MONDAY + timedelta(days=9))
    made = report(desk)

    def missed(day):
        found = views_booking.free_for(made, made.victim, "video", desk, day, EARLY)
        return {slot.missed for slot in found}

    assert (missed(MONDAY), missed(MONDAY + timedelta(days=9))) == ({()}, {("band",)})


@pytest.mark.parametrize(("grade", "first"), [(3, "Mon 07:00"), (2, "Mon 03:30")])
def test_nobody_is_offered_the_night_unless_it_is_urgent(desk, grade, first):
    desk.hours = {"mon": ["00:00", "24:00"]}
    desk.save()
    works(officer(desk), desk, begins=time(0), ends=time(23))
    incident = diary.video_incident()
    Incident.objects.filter(pk=incident.pk).update(grade=grade)
    incident.refresh_from_db()
    midnight = local_time.from_local(MONDAY, time(0))

    offered = selectors.slots_for(incident, at=midnight, limit=400)
    [earliest, *_] = slots.earliest(incident, at=midnight)

    late = [slot for slot in offered if slot.starts_at > midnight + 3 * HOUR]
    assert walls(late)[0] == first
    assert earliest.starts_at == offered[0].starts_at <= midnight + 3 * HOUR


def test_free_slots_are_shifts_less_what_is_taken():
    shift = diary.shift(hours=4)
    diary.appointment(at_shift=shift, starts_at=shift.during.lower + timedelta(hours=1))

    slots = selectors.free_slots(shift.desk, at=now(), every=30)

    starts = [(slot.starts_at - shift.during.lower) / timedelta(minutes=1) for slot in slots]
    assert starts == [0, 120, 150, 180]


def test_a_time_may_run_from_one_shift_into_the_next():
    first = diary.shift(hours=1)
    diary.shift(first.desk, first.officer, starts_at=first.during.upper, hours=1)
    across = first.during.lower + timedelta(minutes=30)

    slots = selectors.free_slots(first.desk, at=now())
    held = diary.hold(
        diary.video_incident(), first, factories.user(Role.CALL_HANDLER), starts_at=across
    )

    assert across in [slot.starts_at for slot in slots]
    assert held.starts_at == across


def test_free_slots_choose_the_officer_with_least_to_do():
    desk, start = diary.desk(), diary.next_hour()
    busy, idle = diary.shift(desk, starts_at=start), diary.shift(desk, starts_at=start)
    diary.appointment(at_shift=busy, starts_at=start + timedelta(hours=4))

    slots = selectors.free_slots(desk, at=now(), limit=3)

    assert {slot.officer_id for slot in slots} == {idle.officer_id}


def test_free_slots_is_one_query(django_assert_num_queries):
    shift = diary.shift()

    with django_assert_num_queries(1):
        selectors.free_slots(shift.desk, at=now())


def test_desk_for_prefers_the_desk_of_the_flags():
    general = diary.desk()
    special = diary.desk(slug="abuse", name="Domestic abuse desk", takes_flags=["domestic_abuse"])
    plain, abused = factories.incident(), factories.incident()
    factories.assessment(plain)
    factories.assessment(abused, flags=["domestic_abuse"])

    assert (selectors.desk_for(plain), selectors.desk_for(abused)) == (general, special)
