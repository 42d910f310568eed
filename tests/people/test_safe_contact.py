"""The contact plan over every kind of hour, both clock changes included."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victimcontact.people import safe_contact
from victimcontact.people.safe_contact import (
    Allowed,
    Contactable,
    Held,
    NotBefore,
    Plan,
    Reason,
    Safety,
    Window,
    Wording,
)

EVERY_DAY = frozenset(range(7))
LONDON = ZoneInfo("Europe/London")
TUESDAY_NOON = datetime(2027, 5, 4, 11, 0, tzinfo=UTC)  # 12:00 in London
FORWARD = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)  # 01:00 becomes 02:00
BACK = datetime(2027, 10, 31, 1, 0, tzinfo=UTC)  # 02:00 becomes 01:00


def plan(**changes):
    values = {
        "contactable": Contactable.AS_BELOW,
        "channels": {"sms": Safety.SAFE},
        "windows": (Window(frozenset({1, 3}), 10 * 60, 14 * 60),),  # Tuesday, Thursday 10 to 2
        "expires_at": TUESDAY_NOON + timedelta(days=30),
    }
    return Plan(**(values | changes))


def ask(the_plan, at=TUESDAY_NOON, **changes):
    return safe_contact.check(the_plan, **({"channel": "sms", "at": at} | changes))


def test_inside_the_agreed_hours_it_is_allowed_until_they_end():
    answer = ask(plan())

    assert answer == Allowed(until=datetime(2027, 5, 4, 13, 0, tzinfo=UTC))


def test_outside_the_agreed_hours_it_waits_for_the_next_ones():
    wednesday = TUESDAY_NOON + timedelta(days=1)

    assert ask(plan(), at=wednesday) == NotBefore(at=datetime(2027, 5, 6, 9, 0, tzinfo=UTC))


def test_in_the_last_minute_it_waits_for_the_next_hours():
    at = datetime(2027, 5, 4, 12, 59, 30, tzinfo=UTC)

    assert ask(plan(), at=at) == NotBefore(at=datetime(2027, 5, 6, 9, 0, tzinfo=UTC))


def test_hours_over_midnight_belong_to_the_day_they_begin():
    late = plan(windows=(Window(frozenset({4}), 22 * 60, 60),))  # Friday 10pm to 1am
    saturday = datetime(2027, 5, 7, 23, 30, tzinfo=UTC)  # 00:30 in London

    assert ask(late, at=saturday) == Allowed(until=datetime(2027, 5, 8, 0, 0, tzinfo=UTC))


def test_no_hours_named_means_any_hour_until_the_plan_expires():
    assert ask(plan(windows=(), expires_at=None)) == Allowed(until=None)
    assert ask(plan(windows=())) == Allowed(until=TUESDAY_NOON + timedelta(days=30))


def test_hours_that_never_close_have_no_end():
    always = (Window(EVERY_DAY, 0, 1440),)

    assert ask(plan(windows=always, expires_at=None)) == Allowed(until=None)


def test_it_does_not_wait_beyond_the_plan():
    wednesday = TUESDAY_NOON + timedelta(days=1)

    answer = ask(plan(expires_at=wednesday + timedelta(hours=1)), at=wednesday)

    assert answer == Held(Reason.PLAN_EXPIRED)


@pytest.mark.parametrize(
    ("the_plan", "reason"),
    [
        (None, Reason.NO_PLAN),
        (Plan(), Reason.NOT_ASKED),
        (plan(contactable=Contactable.NOT_ASKED), Reason.NOT_ASKED),
        (plan(contactable=Contactable.NO_CONTACT), Reason.DO_NOT_CONTACT),
        (plan(expires_at=TUESDAY_NOON), Reason.PLAN_EXPIRED),
        (plan(channels={}), Reason.CHANNEL_UNKNOWN),
        (plan(channels={"sms": Safety.UNKNOWN}), Reason.CHANNEL_UNKNOWN),
        (plan(channels={"email": Safety.SAFE}), Reason.CHANNEL_UNKNOWN),
        (plan(channels={"sms": Safety.UNSAFE}), Reason.CHANNEL_UNSAFE),
        (plan(phone_watched=True), Reason.PHONE_WATCHED),
    ],
)
def test_what_the_plan_does_not_clearly_allow_is_held(the_plan, reason):
    assert ask(the_plan) == Held(reason)


def test_named_wording_needs_agreement():
    named = plan(wording=Wording.NAMED)
    until = datetime(2027, 5, 4, 13, 0, tzinfo=UTC)

    assert ask(plan(), wording=Wording.NAMED) == Held(Reason.WORDING_NOT_AGREED)
    assert ask(named, wording=Wording.NAMED) == Allowed(until=until)
    assert ask(named, wording=Wording.NEUTRAL) == Allowed(until=until)


def test_on_a_watched_phone_no_other_channel_names_the_police():
    watched = plan(
        wording=Wording.NAMED, phone_watched=True, channels={"email": Safety.SAFE}, windows=()
    )

    assert isinstance(ask(watched, channel="email"), Allowed)
    assert ask(watched, channel="email", wording=Wording.NAMED) == Held(Reason.WORDING_NOT_AGREED)


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "messenger"])
def test_on_a_watched_phone_nothing_goes_to_what_shows_on_it(channel):
    agreed = plan(channels={channel: Safety.SAFE}, windows=())
    watched = plan(channels={channel: Safety.SAFE}, windows=(), phone_watched=True)

    assert isinstance(ask(agreed, channel=channel), Allowed)
    assert ask(watched, channel=channel) == Held(Reason.PHONE_WATCHED)


def test_hours_that_begin_in_the_missing_hour_begin_when_the_clock_jumps():
    early = plan(windows=(Window(EVERY_DAY, 90, 180),), expires_at=None)  # 01:30 to 03:00

    assert ask(early, at=FORWARD - timedelta(minutes=45)) == NotBefore(at=FORWARD)
    assert ask(early, at=FORWARD) == Allowed(until=FORWARD + timedelta(hours=1))


def test_hours_wholly_inside_the_missing_hour_wait_for_the_next_day():
    gone = plan(windows=(Window(EVERY_DAY, 75, 105),), expires_at=None)  # 01:15 to 01:45

    answer = ask(gone, at=FORWARD - timedelta(minutes=5))

    assert answer == NotBefore(at=datetime(2027, 3, 29, 0, 15, tzinfo=UTC))


def test_the_doubled_hour_is_what_the_wall_clock_says_both_times():
    half = plan(windows=(Window(EVERY_DAY, 0, 90),), expires_at=None)  # until 01:30

    first_quarter_past = BACK - timedelta(minutes=45)
    first_quarter_to = BACK - timedelta(minutes=15)

    assert ask(half, at=first_quarter_past) == Allowed(until=BACK - timedelta(minutes=30))
    assert ask(half, at=first_quarter_to) == NotBefore(at=BACK)
    assert ask(half, at=BACK) == Allowed(until=BACK + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("days", "start", "end"),
    [(frozenset(), 0, 60), (frozenset({7}), 0, 60), (EVERY_DAY, -1, 60), (EVERY_DAY, 0, 1441)],
)
def test_a_window_that_makes_no_sense_is_refused(days, start, end):
    with pytest.raises(ValueError, match=r"are numbers|minutes after midnight"):
        Window(days, start, end)


def record(**changes):
    values = {
        "safe": "as_below",
        "channels": {"sms": "safe"},
        "windows": [{"days": [1], "from": "09:30", "to": "24:00"}],
        "wording": "neutral",
        "phone_watched": False,
        "expires_at": None,
    }
    return SimpleNamespace(**(values | changes))


def test_a_row_is_read_as_a_plan():
    assert Plan.read(record()) == Plan(
        contactable=Contactable.AS_BELOW,
        channels={"sms": Safety.SAFE},
        windows=(Window(frozenset({1}), 570, 1440),),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"safe": "yes"},
        {"channels": {"sms": "probably"}},
        {"windows": [{}]},
        {"windows": ["9 to 5"]},
        {"windows": [{"days": [1], "from": "9", "to": "17:00"}]},
        {"windows": [{"days": [1], "from": "09:00", "to": "17:60"}]},
        {"windows": [{"days": 1, "from": "09:00", "to": "17:00"}]},
        {"windows": [{"days": [1], "from": 9, "to": 17}]},
        {"windows": [{"days": [1], "from": "24:00", "to": "24:00"}]},
    ],
)
def test_a_row_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValueError, match=r"window|written|valid|days|start"):
        Plan.read(record(**changes))


windows = st.builds(
    Window,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
moments = st.one_of(
    st.integers(0, 2 * 365 * 86_400).map(
        lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    ),
    st.tuples(st.sampled_from([FORWARD, BACK]), st.integers(-3 * 86_400, 3 * 86_400)).map(
        lambda pair: pair[0] + timedelta(seconds=pair[1])
    ),
)


def wall_clock_is_inside(window, at):
    """The same rule written another way: walk the local clock's own face."""
    local = at.astimezone(LONDON).replace(tzinfo=None)
    for days_back in (0, 1):
        midnight = datetime.combine(local.date() - timedelta(days=days_back), datetime.min.time())
        length = window.end - window.start + (1440 if window.end <= window.start else 0)
        begins = midnight + timedelta(minutes=window.start)
        if midnight.weekday() in window.days and begins <= local < begins + timedelta(
            minutes=length
        ):
            return True
    return False


@given(st.lists(windows, min_size=1, max_size=3), moments)
def test_nothing_is_ever_allowed_outside_the_wall_clock_hours(some_windows, at):
    answer = ask(plan(windows=tuple(some_windows), expires_at=None), at=at)

    inside = any(wall_clock_is_inside(window, at) for window in some_windows)
    if isinstance(answer, Allowed):
        assert inside
        assert answer.until is None or answer.until > at + safe_contact.CLOSING_MARGIN
    elif isinstance(answer, NotBefore):
        assert answer.at > at
        assert any(wall_clock_is_inside(window, answer.at) for window in some_windows)


@given(st.lists(windows, min_size=1, max_size=3), moments, st.integers(0, 3 * 1440))
def test_allowed_lasts_until_its_end_and_waiting_ends_no_later_than_needed(some_windows, at, step):
    the_plan = plan(windows=tuple(some_windows), expires_at=None)
    later = at + timedelta(minutes=step)

    answer = ask(the_plan, at=at)

    open_later = any(wall_clock_is_inside(window, later) for window in some_windows)
    if isinstance(answer, Allowed) and (answer.until is None or later < answer.until):
        assert open_later
    if isinstance(answer, NotBefore) and later < answer.at:
        then = ask(the_plan, at=later)
        assert not isinstance(then, Allowed)


@given(st.lists(windows, max_size=3), moments, st.sampled_from(["unknown", "unsafe", None]))
def test_no_hour_makes_a_channel_safe(some_windows, at, safety):
    channels = {} if safety is None else {"sms": Safety(safety)}

    assert isinstance(ask(plan(windows=tuple(some_windows), channels=channels), at=at), Held)
