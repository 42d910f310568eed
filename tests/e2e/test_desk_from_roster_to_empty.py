"""A desk's life: rostered, filled, upset by sickness, a storm and a clock change, emptied again.

One supervisor at a browser, eight victims with phones, the whole house. At the end the database is
asked, in words of this file's own, whether anybody is left waiting alone.
"""

import json
import re
import textwrap
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.e2e.people import DESKTOP, PHONE, link_on_handset
from victimcontact.run import SOCKETS

pytestmark = pytest.mark.timeout(300)
LONDON = ZoneInfo("Europe/London")
DESK, FLAG, WORD = "Desk for hate crime", "Hate crime", "marigold"
# Ash, Birch and Cedar speak Welsh, and Ash is the only woman. The others are there at any hour.
OFFICERS = {
    "Ash": ("9301", "female", ["cy"]),
    "Birch": ("9302", "male", ["cy"]),
    "Cedar": ("9303", "male", ["cy"]),
    "Dale": ("9304", "male", []),
    "Elm": ("9305", "male", []),
    "Fir": ("9306", "male", []),
    "Gorse": ("9307", "male", []),
    "Hazel": ("9308", "male", []),
}
VICTIMS = {
    "Gwenllian Amber": {"chosen": "video", "language": "cy"},
    "Heledd Briar": {"chosen": "visit", "language": "cy"},
    "Ida Clover": {"chosen": "station", "needs": {"officer": "female"}},
    "June Dahlia": {"chosen": "video"},
    "Kit Elder": {"chosen": "video"},
    "Lil Fennel": {"chosen": "video"},
    "Moss Garland": {"chosen": "video"},
    "Nan Heather": {"chosen": "video"},
}
AMBER, BRIAR, CLOVER, DAHLIA, ELDER, FENNEL, GARLAND, HEATHER = VICTIMS
# Who works here and who has reported. They choose with a call handler, as in every journey.
PEOPLE = """
import json
from django.utils.timezone import now
from appointments.rosters import desks
from triage import assessing, intake, offers
from victimcontact.accounts.models import Force, User
from victimcontact.accounts.roles import Role
from victimcontact.people import plans
at, force = now(), Force.objects.get(slug="northmoor")
handler = User.objects.get(is_demonstration=True, roles=[Role.CALL_HANDLER])
for name, (collar, gender, languages) in {officers}.items():
    person = User(username="video." + name.lower(), first_name="Sam", last_name=name, rank="PC",
                  collar_number=collar, roles=[Role.VIDEO_OFFICER])
    person.set_unusable_password()
    person.save()
    person.forces.add(force)
    desks.set_profile(person, skills=["welsh"] * len(languages), languages=languages,
                      gender=gender, by=handler, at=at)
found = {{}}
for number, (name, wants) in enumerate({victims}.items()):
    report = intake.NewReport(
        channel="101",
        narrative="On Tuesday a man on the bus called me a terrorist because of my headscarf."
        " He got off. He did not touch or threaten me. I have a smartphone.",
        caller=intake.Person(name=name, phone="+44770090071%d" % number),
        location="%d Penny Row, Northmoor" % (number + 1),
        answers=dict(victim_age=44, offender_present=False, offender_nearby=False, weapon=False,
                     injuries="none", has_smartphone=True, has_data=True, safe_to_talk=True,
                     wants_attendance=False, minutes_since_incident=4320),
    )
    decision = assessing.Decision(grade=3, reason="As told")
    incident = intake.record(report, force=force, decision=decision, by=handler, at=at)
    plans.set_needs(incident.victim, needs=wants.get("needs", {{}}),
                    language=wants.get("language", ""), by=handler, at=at)
    plans.set_plan(incident.victim, channels={{"sms": "safe"}}, officer_name_safe=True,
                   opening_word="{word}", by=handler, at=at)
    offers.make(incident, chosen=wants["chosen"], by=handler, at=at)
    found[name] = [str(incident.pk), str(incident.victim.pk)]
print("people", json.dumps(found))
"""


@pytest.fixture
def sockets(house):
    """Whatever happens in the storm, the house has its server for calls again."""
    yield
    if SOCKETS not in house.processes:
        house.begin(SOCKETS)


def test_a_desk_from_its_roster_until_nobody_waits(someone, house, sockets, emptied):
    script = textwrap.dedent(PEOPLE).format(officers=OFFICERS, victims=VICTIMS, word=WORD)
    world = World(house, json.loads(house.manage("shell", "-c", script).split("people ")[1]))
    chief = someone(**DESKTOP).sign_in("Supervisor")
    today = datetime.now(LONDON).date()
    early, late, change = today + timedelta(3), today + timedelta(6), next_clock_change()

    open_desk(chief)
    world.find_desk()
    import_shifts(chief, world, early, late, change)
    work_by_pattern(chief)

    # Nobody comes to the first: the clock finds it while all else happens.
    for name, minutes in ((HEATHER, -40), (FENNEL, 20), (GARLAND, 25)):
        book_the_next(chief, world, name)
        world.begins_in(name, minutes)
    world.link[GARLAND] = link_on_handset(chief, GARLAND, "a")

    before, after = book_around_the_change(chief, world, change)
    stops_texts(chief, world, DAHLIA)

    down_since = world.video_goes_down()
    book(chief, world, AMBER, early, "9am")
    book(chief, world, BRIAR, early, "11am")
    book(chief, world, CLOVER, late, "8am")
    assert {world.officer(name) for name in (AMBER, BRIAR, CLOVER)} == {"Ash"}
    assert len(world.left_alone()) >= len(VICTIMS) - 1  # it sees whoever still waits
    by_telephone(world, down_since)
    house.begin(SOCKETS, wait=False)  # half a minute until it is trusted again
    ring(chief, world, FENNEL)

    add_shift(chief, early, "Birch", "09:00", "10:30")
    add_shift(chief, early, "Cedar", "12:00", "14:00")
    goes_sick(chief, world, today, late)
    phone = someone(**PHONE)
    right_on_the_phone(phone, world, DAHLIA, before)
    right_on_the_phone(phone, world, ELDER, after)
    gives_it_up(phone)
    cancel(chief, world, DAHLIA)
    ring_and_move(chief, world, CLOVER)
    cancel(chief, world, AMBER)
    say_whether_they_met(chief, world, BRIAR, "We met")
    say_whether_they_met(chief, world, CLOVER, "They were not there")
    tried_in_vain(chief, world, CLOVER)
    put_back(chief, world)
    meet_by_video(chief, phone, world)
    reached(chief, world, HEATHER)

    until(lambda: not world.left_alone(), world.left_alone)
    assert world.ends() == {
        AMBER: "cancelled",
        BRIAR: "ended",
        CLOVER: "missed",
        DAHLIA: "cancelled",
        ELDER: "cancelled",
        FENNEL: "ended",
        GARLAND: "ended",
        HEATHER: "missed",
    }
    close_desk(chief, world)
    assert chief.faults == phone.faults == []


def until(what, found, seconds=75):
    """Wait for the clocks of the house; the slowest of them strikes once a minute."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, found()
        time.sleep(0.25)


class World:
    """The people of the desk as the database has them; only ``begins_in`` changes anything."""

    def __init__(self, house, people):
        self.house, self.people, self.desk = house, people, None
        self.link = {}  # of a text, by name, as the phone shows it

    def incident(self, name):
        return self.people[name][0]

    def find_desk(self):
        [[self.desk]] = self.house.sql("select id from appointments_desk where name = %s", [DESK])

    def latest(self, name):
        """(id, status, starts, kind, officer's last name) of the newest that was booked."""
        rows = self.house.sql(
            "select a.id, a.status, lower(a.during), a.kind, u.last_name"
            " from appointments_appointment a join accounts_user u on u.id = a.officer_id"
            " where a.incident_id = %s and a.booked_at is not null"
            " order by a.created_at desc limit 1",
            [self.incident(name)],
        )
        return rows[0]

    def officer(self, name):
        return self.latest(name)[4]

    def starts_at(self, name):
        return self.latest(name)[2]

    def ends(self):
        return {name: self.latest(name)[1] for name in self.people}

    def texts(self, name, template):
        """How far the texts of that name to this victim got, the newest first."""
        rows = self.house.sql(
            "select status from messaging_notification where contact_id = %s and template = %s"
            " order by queued_at desc",
            [self.people[name][1], template],
        )
        return [status for (status,) in rows]

    def is_told(self, name, template):
        until(
            lambda: self.texts(name, template)[:1] == ["delivered"],
            lambda: (name, template, self.texts(name, template)),
        )

    def begins_in(self, name, minutes):
        """Time goes by until ``minutes`` before their appointment; its officer is at the desk."""
        pk = self.latest(name)[0]
        self.house.sql(
            "update appointments_shift s"
            " set during = s.during + tstzrange(now() - interval '1 hour', lower(s.during))"
            " from appointments_appointment a where a.id = %s and %s > 0"
            " and s.officer_id = a.officer_id and s.during @> a.during"
            " and lower(s.during) > now() - interval '1 hour'",
            [pk, minutes],
        )
        self.house.sql(
            "update appointments_appointment set during = tstzrange(starts, starts + talk),"
            " occupies = tstzrange(starts, starts + taken)"
            " from (select id as pk, now() + %s * interval '1 minute' as starts,"
            "   upper(during) - lower(during) as talk, upper(occupies) - lower(occupies) as taken"
            "   from appointments_appointment) as moved"
            " where pk = id and id = %s",
            [minutes, pk],
        )
        # The evening before has been, and its reminder went out.
        self.house.sql(
            "update messaging_notification set not_before = null, next_attempt_at = now(),"
            " useful_until = now() + interval '1 hour'"
            " where about_id = %s and status = 'queued' and not_before > now()",
            [pk],
        )

    def video_goes_down(self):
        self.house.kill(SOCKETS)
        return datetime.now(UTC)

    def left_alone(self):
        """Why somebody of this desk still waits and nobody is to see to it, a line for each."""
        return [line for (line,) in self.house.sql(LEFT_ALONE, {"desk": self.desk})]


# Each appointment is over, or a person has it; what was to be told has left, or a person has it.
LEFT_ALONE = """
with ours as (
  select a.*, d.force_id from appointments_appointment a
  join appointments_desk d on d.id = a.desk_id where d.id = %(desk)s
), texts as (
  select n.* from messaging_notification n where n.about_id in (select id from ours)
), tasks as (
  -- Open before those who serve the desk's force, or done by somebody: not taken back.
  select t.kind, t.about_id, t.notification_id from messaging_stafftask t
  where t.force_id in (select force_id from ours)
    and (t.done_at is null or t.done_by_id is not null)
), told as (
  select t.about_id, t.template from texts t
  where t.status in ('sent', 'delivered') or t.id in (select notification_id from tasks)
)
select 'still to come: ' || kind || ' ' || status as why from ours
where status in ('held', 'booked', 'waiting', 'in_call')
union all
select 'moved, and nobody was told: ' || n.id from ours n where n.moved_from_id is not null
  and not exists (select from told where about_id = n.id and template like '%%_moved')
union all
select 'cancelled, and nobody was told: ' || id from ours
where status = 'cancelled' and cancelled_reason <> 'moved'
  and not exists (select from told where about_id = ours.id and template like '%%_cancelled')
union all
select 'gave it up alone, and nobody asks why: ' || id from ours
where cancelled_reason = 'by their link'
  and not exists (select from tasks where about_id = ours.id and kind = 'change_asked')
union all
select 'missed, and nobody tries: ' || o.id from ours o
left join attempts_series s on s.appointment_id = o.id
where o.status = 'missed' and (
  s.appointment_id is null
  or not exists (select from tasks where about_id = o.id and kind = 'missed')
  or (s.end = 'unreached'
    and not exists (select from tasks where about_id = o.id and kind = 'not_reached'))
  or (s.ended_at is null and s.due_at is null
    and not exists (select from tasks where about_id = o.id and kind = 'attempt_due')))
union all
select 'lost its officer: ' || o.id from rosters_outcome l join ours o on o.id = l.appointment_id
where l.result = '' or (l.result = 'task'
  and not exists (select from tasks where about_id = o.id and kind = 'call_back'))
union all
select 'to be rung instead: ' || o.id from standby_fallback f
join ours o on o.id = f.appointment_id where f.ended_at is null
union all
select 'a text that never left: ' || template || ' ' || status from texts
where status not in ('sent', 'delivered')
  and not (status = 'dropped' and error_code = 'no-longer-so')
  and id not in (select notification_id from tasks where notification_id is not null)
union all
select 'asked for a change: ' || o.id from appointments_changerequest c
join ours o on o.id = c.appointment_id where c.settled_at is null
union all
select 'nobody looks again: ' || reference from triage_incident
where id in (select incident_id from ours) and status = 'open' and review_due_at is null
"""


# The desk and its roster


def press(person, name, **options):
    with person.page.expect_navigation():
        person.page.locator("main").get_by_role("button", name=name, **options).first.click()


def open_desk(chief):
    """A desk of its own for one kind of incident, open day and night."""
    page = chief.go("/diary/rosters/desks/new/")
    page.get_by_label("Name", exact=True).fill(DESK)
    for kind in page.get_by_role("group", name="Its officers meet people").locator("input").all():
        kind.check()
    page.get_by_label("Police station", exact=True).fill(
        "Northmoor Police Station, 1 Castle Street"
    )
    page.get_by_label("Minutes for a talk").fill("20")
    page.get_by_label("Minutes kept free after it").fill("10")
    for day in page.locator("[name^=hours_]").all():
        day.fill("00:00-24:00")
    page.get_by_text("Kinds of incident", exact=True).click()
    page.get_by_label(FLAG, exact=True).check()
    press(chief, "Save the desk")
    expect(page.get_by_text("is saved")).to_be_visible()


def import_shifts(chief, world, early, late, change):
    """A spreadsheet: everything wrong in it is shown first, and nothing of it is rostered."""
    eve = change - timedelta(days=1)
    good = [
        f"9301;{DESK};{early:%d/%m/%Y};08:00;12:00",
        f"video.ash;{DESK};{late:%d/%m/%Y};08:00;10:00",
        f"9308;{DESK};{eve:%d/%m/%Y};22:00;07:00",
    ]
    bad = [f"9399;{DESK};{early:%d/%m/%Y};08:00;12:00", f"9301;{DESK};31/02/2027;8:00;12:00"]
    page = read_file(chief, [*good, *bad])
    expect(page.get_by_role("heading", name="Nothing is changed")).to_contain_text("2 lines of 5")
    wrong = page.get_by_role("region", name="What is wrong").locator("tbody tr")
    expect(wrong).to_have_text(
        [re.compile("^ *5officer.*9399"), re.compile("^ *6date.*31/02/2027")]
    )
    rostered = "select count(*) from appointments_shift where desk_id = %s"
    assert world.house.sql(rostered, [world.desk]) == [(0,)]

    page = read_file(chief, good)
    press(chief, "Add them to the roster")
    expect(page.get_by_text("3 shifts added")).to_be_visible()
    [[night]] = world.house.sql(
        "select upper(during) - lower(during) from appointments_shift s"
        " join accounts_user u on u.id = s.officer_id where u.last_name = 'Hazel'"
    )
    # From ten to seven is an hour less when the clocks go forward, and an hour more when back.
    assert night == timedelta(hours=8 if change.month < 7 else 10)


def read_file(chief, lines):
    page = chief.go("/diary/rosters/imports/new/")
    text = "\r\n".join(["officer;desk;date;start;end", *lines])
    file = {"name": "shifts.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.get_by_label("File", exact=True).set_input_files(file)
    press(chief, "Check the file")
    return page


def work_by_pattern(chief):
    """Two officers at any hour of any day."""
    today = datetime.now(LONDON).date()
    chief.page.goto(f"{chief.house.url}/diary/rosters/")
    chief.page.locator("main").get_by_role("link", name=DESK).first.click()
    address = chief.page.url.split("?")[0]
    for name, hours, officers in [
        ("First half", "00:00-12:00", ("Dale", "Elm")),
        ("Second half", "12:00-24:00", ("Fir", "Gorse")),
    ]:
        chief.page.goto(f"{address}patterns/")
        chief.page.get_by_label("Name", exact=True).fill(name)
        chief.page.get_by_label("Days, one a line").fill(hours)
        press(chief, "Add the pattern")
        for officer in officers:
            chief.page.get_by_label(re.compile(f"{officer} ")).check()
        chief.page.get_by_label("First day of the cycle").fill(today.isoformat())
        press(chief, "Put them on the roster")
        expect(chief.page.get_by_text(re.compile(r"\d\d shifts are on the roster"))).to_be_visible()


def add_shift(chief, day, officer, begins, ends):
    page = chief.go("/diary/rosters/shifts/new/")
    choice = page.get_by_label("Officer", exact=True)
    choice.select_option(label=choice.locator("option", has_text=officer).inner_text())
    page.get_by_label("Desk", exact=True).select_option(label=DESK)
    page.get_by_label("Date", exact=True).fill(day.isoformat())
    page.get_by_label("From", exact=True).fill(begins)
    page.get_by_label("Until", exact=True).fill(ends)
    press(chief, "Add the shift")
    expect(page.get_by_text("is on the roster")).to_be_visible()


# Booked


def say_day(day):
    return f"{day:%A} {day.day} {day:%B}"


def book(chief, world, name, day, said):
    """Choose that time of that day, read it back, book it; a text with a link goes out."""
    page = chief.go(f"/diary/book/{world.incident(name)}/?day={day}")
    words = re.escape(f"{say_day(day)} at {said}")
    time = page.get_by_role("button", name=re.compile(f"^{words}( later than it should be)?$"))
    time.click()
    confirm(page, re.compile(f"Held: {say_day(day)} at {re.escape(said)} with PC Sam"))


def book_the_next(chief, world, name):
    page = chief.go(f"/diary/book/{world.incident(name)}/")
    page.locator(".vc-slots__time").first.click()
    confirm(page, re.compile("Held: .* with PC Sam (Dale|Elm|Fir|Gorse)"))
    assert world.starts_at(name) < datetime.now(UTC) + timedelta(hours=2)


def confirm(page, held):
    booking = page.locator("#booking")
    expect(booking).to_contain_text(held)
    booking.get_by_role("button", name="Book and send the text").click()
    expect(booking.locator("dl")).to_contain_text("Booked")


# The clock


def next_clock_change() -> date:
    """The day of London's next clock change whose evening before is still to come."""
    day = datetime.now(LONDON).date() + timedelta(days=2)
    while True:
        noons = [datetime(*each.timetuple()[:3], 12, tzinfo=LONDON) for each in around(day)]
        if noons[0].utcoffset() != noons[1].utcoffset():
            return day
        day += timedelta(days=1)


def around(day):
    return day - timedelta(days=1), day


def book_around_the_change(chief, world, change):
    """Times on both sides of it, as they are offered and as they are told. Gives the two."""
    moment = datetime(change.year, change.month, change.day, 1, tzinfo=UTC)  # by law, of both
    forward = change.month < 7
    page = chief.go(f"/diary/book/{world.incident(DAHLIA)}/?day={change}")
    offered = [
        each.split(" at ")[1].strip().splitlines()[0].strip()
        for each in page.locator(".vc-slots__time").all_inner_texts()
    ]
    if forward:
        shown = ["midnight (end of the day)", "12:30am", "2am", "2:30am", "3am"]
        before, after = (timedelta(minutes=-30), "12:30am"), (timedelta(0), "2am")
    else:
        doubled = ["1am (BST)", "1:30am (BST)", "1am (GMT)", "1:30am (GMT)"]
        shown = ["midnight (end of the day)", "12:30am", *doubled, "2am"]
        before, after = (timedelta(minutes=-30), "1:30am (BST)"), (timedelta(0), "1am (GMT)")
    assert offered[: len(shown)] == shown
    found = []
    for name, (from_moment, said) in ((DAHLIA, before), (ELDER, after)):
        book(chief, world, name, change, said)
        assert world.starts_at(name) == moment + from_moment
        handset = chief.go("/handset/").locator(".vc-phone").filter(has_text=name)
        short = f"{change:%a} {change.day} {change:%b} at {said}"
        expect(handset.locator(".vc-bubble__text").first).to_contain_text(short)
        world.link[name] = link_on_handset(chief, name, "a")
        found.append((f"{say_day(change)} at {said}", moment + from_moment))
    return found


def right_on_the_phone(phone, world, name, told):
    """The page and the calendar file say the moment that the text says."""
    said, moment = told
    open_link(phone, world, name)
    expect(phone.page.locator(".vc-when").first).to_have_text(said)
    phone.go("/a/calendar/")
    with phone.page.expect_download() as download:
        phone.page.get_by_role("button", name="Get the calendar file").click()
    assert f"DTSTART:{moment:%Y%m%dT%H%M%SZ}" in download.value.path().read_text()


def open_link(phone, world, name):
    phone.page.goto(world.link[name])
    phone.page.get_by_label("word").fill(WORD)
    phone.page.get_by_role("button", name="Go on").click()
    expect(phone.page).to_have_url(f"{phone.house.url}/a/")


# Sickness


def goes_sick(chief, world, first, last):
    """Ash is ill: what would happen is shown, then done; each victim is told, or rung."""
    page = chief.go("/diary/rosters/away/new/")
    choice = page.get_by_label("Officer", exact=True)
    choice.select_option(label=choice.locator("option", has_text="Sam Ash").inner_text())
    page.get_by_label("Sickness").check()
    page.get_by_label("First day").fill(first.isoformat())
    page.get_by_label("Last day").fill(last.isoformat())
    press(chief, "Continue")
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 appointments")
    assert {world.officer(name) for name in (AMBER, BRIAR, CLOVER)} == {"Ash"}
    press(chief, "Record it")

    rows = page.get_by_role("region", name="What became of each appointment").locator("tbody tr")
    same = re.compile("Same time.*Birch", re.S)
    moved = re.compile("Moved.*Cedar", re.S)
    expect(rows).to_have_text([same, moved, re.compile("Ring.*By telephone", re.S)])
    assert [world.officer(name) for name in (AMBER, BRIAR, CLOVER)] == ["Birch", "Cedar", "Ash"]
    world.is_told(AMBER, "appointment_reassigned")
    world.is_told(BRIAR, "meeting_moved")
    page.goto(f"{chief.house.url}/tasks/")
    expect(task(page, "agree another time with the victim")).to_be_visible()


def task(page, reason):
    return page.locator(".vc-task").filter(has_text=reason).last


def ring_and_move(chief, world, name):
    """The person who has the task rings, agrees a time with another officer, and says so."""
    page = chief.go("/tasks/")
    with page.expect_navigation():
        task(page, "agree another time with the victim").get_by_role("button").click()
    mine = page.get_by_role("article").filter(has_text=name)
    expect(mine).to_contain_text("07700 900")
    mine.get_by_label("What did you do?").fill("Rang her. She takes whoever is there.")
    with page.expect_navigation():
        mine.get_by_role("button", name="Done").click()
    page.goto(f"{chief.house.url}/diary/{world.latest(name)[0]}/move/")
    press(chief, re.compile("not with the officer they asked for"))
    expect(page.get_by_text("The appointment was moved")).to_be_visible()
    assert world.officer(name) != "Ash"
    world.is_told(name, "meeting_moved")


# The storm


def by_telephone(world, down_since):
    """Within a minute both are a person's to ring, and told so."""
    for name in (FENNEL, GARLAND):
        until(lambda name=name: fallback(world, name), lambda name=name: f"nobody rings {name}", 60)
        made_at, _ = fallback(world, name)
        assert made_at - down_since < timedelta(minutes=1)
        world.is_told(name, "appointment_by_phone")


def ring(chief, world, name):
    page = chief.go("/diary/telephone/")
    card = page.get_by_role("article", name=name)
    expect(page.get_by_role("article", name=GARLAND)).to_be_visible()
    card.get_by_label("Yes, we talked").check()
    card.get_by_label("What happened?").fill("Talked for ten minutes.")
    with page.expect_navigation():
        card.get_by_role("button", name="Record what came of it").click()
    expect(page.get_by_role("article", name=name)).to_have_count(0)
    assert world.latest(name)[1] == "ended"


def fallback(world, name):
    """(made, how it ended) of their telephone call, or None."""
    rows = world.house.sql(
        'select made_at, "end" from standby_fallback where appointment_id = %s',
        [world.latest(name)[0]],
    )
    return rows[0] if rows else None


def put_back(chief, world):
    """Video works again: whoever nobody has rung is told, and every one is accounted for."""
    lasting = "select began_at from standby_outage where ended_at is null"
    until(lambda: not world.house.sql(lasting), lambda: world.house.sql(lasting))
    world.is_told(GARLAND, "appointment_by_video")
    page = chief.go("/diary/telephone/")
    figures = [int(each) for each in page.locator(".vc-figures dd").all_inner_texts()]
    made, still_open, *ends = figures
    assert (made, still_open) == (sum(ends), 0)
    assert made >= 2
    [[tasks, fallbacks]] = world.house.sql(
        "select (select count(*) from messaging_stafftask where kind = 'ring_instead'),"
        " (select count(*) from standby_fallback)"
    )
    assert tasks == fallbacks
    for name, end in ((FENNEL, "rung"), (GARLAND, "put_back")):
        assert fallback(world, name)[1] == end


# Emptied


def gives_it_up(phone):
    page = phone.go("/a/cancel/")
    page.get_by_role("button", name="Yes, give it up").click()
    page.wait_for_load_state("networkidle")
    # It is the last page of the visit, and stays to be read.
    expect(page.get_by_role("heading", level=1)).to_have_text("Your appointment is given up")


def stops_texts(chief, world, name):
    """STOP from the phone: nothing more goes there, and a person knows."""
    page = chief.go("/handset/")
    handset = page.locator(".vc-phone").filter(has_text=name)
    handset.get_by_label("Text back").fill("STOP")
    with page.expect_navigation():
        handset.get_by_role("button", name="Send").click()
    kept = (
        "select p.channels from people_contactplan p where contact_id = %s and replaced_at is null"
    )
    [[channels]] = world.house.sql(kept, [world.people[name][1]])
    assert channels["sms"] != "safe"


def cancel(chief, world, name):
    page = chief.go(f"/diary/{world.latest(name)[0]}/cancel/")
    page.get_by_label("The victim asked").check()
    press(chief, "Cancel the appointment")
    assert world.latest(name)[1] == "cancelled"


def say_whether_they_met(chief, world, name, said):
    world.begins_in(name, -40)
    page = chief.go(f"/diary/{world.latest(name)[0]}/")
    press(chief, said)
    expect(page.get_by_role("button", name="We met")).to_have_count(0)


def tried_in_vain(chief, world, name):
    """Every try is written down; after the last of them a team leader has it."""
    page = chief.go(f"/diary/{world.latest(name)[0]}/attempts/")
    for _ in range(10):
        if not page.get_by_label("No answer").count():
            break
        page.get_by_label("No answer").check()
        page.get_by_label("What happened?").fill("It rang out.")
        press(chief, "Write it down")
    expect(page.get_by_text("It cannot be closed as not seen")).to_be_visible()


def meet_by_video(chief, phone, world):
    open_link(phone, world, GARLAND)
    phone.page.get_by_role("button", name="I am ready").click()
    expect(phone.page.get_by_text("They know you are here").first).to_be_visible()
    page = chief.go(f"/diary/{world.latest(GARLAND)[0]}/room/")
    page.get_by_role("button", name="Let them in").click()
    chief.sees_the_other()
    phone.sees_the_other()
    page.get_by_text("End the appointment").first.click()
    page.get_by_role("button", name="End the appointment").click()
    expect(phone.page.get_by_role("heading", name=re.compile("Thank you"))).to_be_visible()


def reached(chief, world, name):
    """The clock found that nobody came, said sorry, and somebody reaches them."""
    until(lambda: world.latest(name)[1] == "missed", lambda: world.latest(name))
    world.is_told(name, "appointment_missed")
    page = chief.go(f"/diary/{world.latest(name)[0]}/attempts/")
    page.get_by_label("Reached: they said so themselves").check()
    page.get_by_label("What happened?").fill("She overslept, and is well.")
    press(chief, "Write it down")
    expect(page.get_by_text("They were reached")).to_be_visible()


def close_desk(chief, world):
    page = chief.go(f"/diary/rosters/desks/{world.desk}/settings/")
    page.get_by_label("The desk takes bookings").uncheck()
    press(chief, "Save the desk")
