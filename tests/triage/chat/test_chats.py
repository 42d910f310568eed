"""A chat from a visitor's first words to the incident, and who looks after it."""

import threading
import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.db import OperationalError, connection, connections
from django.utils.timezone import now

from tests import factories
from tests.at_once import at_once, broken
from tests.triage.conftest import AT_THE_DOOR, YESTERDAY, decision, known
from triage import assessing, drafts, intake, signals
from triage.chat import chats, selectors
from triage.chat.models import Chat, ChatLine
from triage.control import closing
from triage.models import Incident, ReportDraft
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def ours():
    factories.policy()
    return factories.force()


@pytest.fixture
def at():
    return now()


@pytest.fixture
def other(db):
    return factories.user(Role.TEAM_LEADER)


def begin(at, body="Somebody keeps following me"):
    chat, _ = chats.begin(force=factories.force(), body=body, key=uuid.uuid4(), at=at)
    return chat


def say(chat, body, at):
    return chats.say(chat.pk, body=body, key=uuid.uuid4(), at=at)


def answer(chat, body, by, at):
    return chats.answer(chat.pk, body=body, key=uuid.uuid4(), by=by, at=at)


def again(chat):
    return Chat.objects.get(pk=chat.pk)


def test_the_engine_reads_the_words_as_they_come(at):
    chat = begin(at, "What are your opening hours?")
    assert chat.grade == chats.score(chat, at=at).grade == 4

    say(chat, AT_THE_DOOR, at)

    chat = again(chat)
    assert chat.grade == 1
    assert "weapon_involved" in chat.flags


def test_the_same_words_sent_twice_are_one_line(at, handler):
    chat = begin(at)
    key, other_key = uuid.uuid4(), uuid.uuid4()
    chats.take(chat.pk, by=handler, at=at)

    for _ in range(3):
        chats.say(chat.pk, body="He is back", key=key, at=at)
        chats.answer(chat.pk, body="Where are you?", key=other_key, by=handler, at=at)

    lines = [(line.number, line.body) for line in again(chat).lines.all()]
    assert lines == [
        (1, "Somebody keeps following me"),
        (2, "He is back"),
        (3, "Where are you?"),
    ]


def test_yes_and_no_keep_the_question_they_answer(at, handler):
    chat = begin(at, "He hit me yesterday")
    chats.take(chat.pk, by=handler, at=at)
    answer(chat, "I am here. Does he have a knife?", handler, at)
    say(chat, "Yes", at)
    answer(chat, "Thank you.", handler, at)
    say(chat, "Please come", at)

    assert chats.words(again(chat)) == (
        "He hit me yesterday\nDoes he have a knife? Yes\nPlease come"
    )
    assert "weapon_involved" in again(chat).flags


def test_waiting_counts_from_the_first_words_without_an_answer(at, handler):
    chat = begin(at)
    say(chat, "Hello?", at + MINUTE)
    assert again(chat).waiting_since == at

    chats.take(chat.pk, by=handler, at=at)
    answer(chat, "I am here", handler, at + 2 * MINUTE)
    assert again(chat).waiting_since is None
    say(chat, "Good", at + 3 * MINUTE)

    assert again(chat).waiting_since == at + 3 * MINUTE


def test_two_operators_one_takes_it_and_the_other_is_told(at, handler, other):
    chat = begin(at)
    chats.take(chat.pk, by=handler, at=at)
    chats.take(chat.pk, by=handler, at=at)

    with pytest.raises(chats.Taken) as taken:
        chats.take(chat.pk, by=other, at=at)

    assert taken.value.chat.taken_by == handler
    with pytest.raises(chats.Taken):
        answer(chat, "Hello", other, at)
    assert Entry.objects.filter(type="chat.taken").count() == 1


def test_taken_over_by_who_saw_whose_it_was(at, handler, other):
    chat = begin(at)
    chats.take(chat.pk, by=handler, at=at)

    chats.take(chat.pk, by=other, at=at, instead_of=str(handler.pk))

    assert again(chat).taken_by == other
    with pytest.raises(chats.Taken):
        answer(chat, "Hello", handler, at)


def test_nobody_answers_what_nobody_has_taken(at, handler):
    chat = begin(at)

    with pytest.raises(chats.NotTaken):
        answer(chat, "Hello", handler, at)


def test_given_back_it_waits_for_anybody(at, handler, other):
    chat = begin(at)
    chats.take(chat.pk, by=handler, at=at)
    chats.give_back(chat.pk, by=handler, at=at)

    assert chats.take(chat.pk, by=other, at=at).taken_by == other


def test_the_operators_report_becomes_the_chats_incident(at, handler):
    chat = begin(at, YESTERDAY)
    chats.take(chat.pk, by=handler, at=at)
    draft_id = chats.begin_report(chat.pk, by=handler, at=at)
    assert chats.begin_report(chat.pk, by=handler, at=at) == draft_id
    draft = ReportDraft.objects.get(pk=draft_id)
    assert draft.form == {
        "channel": ["chat"],
        "narrative": [YESTERDAY],
        "force_choice": [str(chat.force_id)],
    }

    incident = intake.record(
        intake.NewReport(channel="chat", narrative=YESTERDAY, caller=intake.Person(name="Jo")),
        force=chat.force,
        decision=decision(3, reason="As they wrote it"),
        by=handler,
        at=at,
        draft_id=draft_id,
    )

    assert again(chat).incident == incident
    assert incident.reviews.get(done_at=None).because == "clock"
    assert chats.receive_waiting(at + timedelta(hours=1)) == 0
    assert Incident.objects.count() == 1


def test_words_written_while_the_report_is_typed_ask_for_a_fresh_look(at, handler):
    chat = begin(at, YESTERDAY)
    chats.take(chat.pk, by=handler, at=at)
    draft_id = chats.begin_report(chat.pk, by=handler, at=at)
    say(chat, "He is at the door", at + MINUTE)

    incident = intake.record(
        intake.NewReport(channel="chat", narrative=YESTERDAY, caller=intake.Person()),
        force=chat.force,
        decision=decision(3, reason="As they wrote it"),
        by=handler,
        at=at + 2 * MINUTE,
        draft_id=draft_id,
    )

    assert incident.reviews.get(done_at=None).because == "chat message"


def test_words_after_the_report_ask_for_a_fresh_look(at, handler):
    chat = begin(at, YESTERDAY)
    chats.receive_waiting(at + timedelta(minutes=11))
    incident = again(chat).incident
    incident.reviews.filter(done_at=None).update(due_at=at + timedelta(hours=9))

    say(chat, "He is back", at + timedelta(minutes=12))

    review = incident.reviews.get(done_at=None)
    assert (review.because, review.due_at) == ("chat message", at + timedelta(minutes=12))


def test_more_urgent_words_after_the_report_raise_it_at_once(at, handler):
    chat = begin(at, YESTERDAY)
    chats.receive_waiting(at + timedelta(minutes=11))
    before = again(chat).incident
    assert before.grade > 1

    say(chat, AT_THE_DOOR, at + timedelta(minutes=12))

    incident = Incident.objects.get()
    current = incident.current_assessment
    assert (incident.grade, incident.is_seen, current.decided_by) == (1, False, None)
    assert AT_THE_DOOR in current.narrative
    assert YESTERDAY in current.narrative
    review = incident.reviews.get(done_at=None)
    assert (review.because, review.due_at) == ("chat message", at + timedelta(minutes=12))


def test_words_that_say_nothing_new_leave_a_leaders_grade_alone(at, other):
    chat = begin(at, AT_THE_DOOR)
    chats.receive_waiting(at + timedelta(minutes=2))
    incident = again(chat).incident
    assessing.assess(
        incident,
        known=known(AT_THE_DOOR, {}, channel="chat"),
        decision=decision(3, reason="A film that they watch, both say on the line"),
        by=other,
        at=at + timedelta(minutes=3),
    )

    say(chat, "Thank you", at + timedelta(minutes=4))

    assert Incident.objects.get().grade == 3


def test_an_incident_is_not_closed_over_an_open_chat_and_opens_again_for_its_words(at, other):
    chat = begin(at, YESTERDAY)
    chats.receive_waiting(at + timedelta(minutes=11))
    incident = again(chat).incident
    done = {"outcome": "advice", "reason": "Content", "told": "chat", "by": other, "at": at}
    with pytest.raises(closing.StandsOpen, match="chat"):
        closing.close(incident, **done)
    incident.reviews.update(done_at=at)
    Incident.objects.update(status="closed", closed_at=at, closed_by=other)

    say(chat, "He is back", at + timedelta(minutes=12))

    incident = Incident.objects.get()
    assert (incident.status, incident.review_due_at) == ("open", at + timedelta(minutes=12))


def test_one_chat_that_breaks_holds_up_no_other(at, monkeypatch, caplog):
    broken = begin(at, "A broken word")
    begin(at, "He took my phone")
    receive = intake.receive

    def breaks(report, **more):
        if "broken" in report.narrative:
            raise RuntimeError(report.narrative)
        return receive(report, **more)

    monkeypatch.setattr(intake, "receive", breaks)

    assert chats.receive_waiting(at + timedelta(minutes=11)) == 1
    assert again(broken).incident is None
    assert str(broken.pk) in caplog.text
    assert "broken word" not in caplog.text


def test_urgent_words_become_no_incident_by_a_leaders_decision_alone(at, handler, other):
    chat = begin(at, AT_THE_DOOR)
    chats.take(chat.pk, by=handler, at=at)
    with pytest.raises(chats.MayNotEnd):
        chats.end(chat.pk, by=handler, at=at, reason="A hoax")
    assert again(chat).status == "taken"

    chats.take(chat.pk, by=other, at=at, instead_of=handler.pk)
    chats.end(chat.pk, by=other, at=at, reason="A hoax: the same person as before")

    assert again(chat).ended_why == "none"


def test_the_report_of_a_chat_stays_in_its_force(at):
    both = factories.user(Role.CALL_HANDLER)
    other_force = factories.force("Elsewhere")
    both.forces.add(other_force)
    for force in both.forces.all():
        chat, _ = chats.begin(force=force, body=YESTERDAY, key=uuid.uuid4(), at=at)
        chats.take(chat.pk, by=both, at=at)
        chats.begin_report(chat.pk, by=both, at=at)
        assert again(chat).draft.form["force_choice"] == [str(force.pk)]


@pytest.mark.parametrize(
    ("grade", "minutes"),
    [(1, 1), (2, 3), (3, 10), (4, 10)],
)
def test_words_that_nobody_came_for_become_an_incident(at, grade, minutes):
    chat = begin(at, words := "A man I do not know hit me yesterday. He ran off.")
    Chat.objects.update(grade=grade)

    assert chats.receive_waiting(at + (minutes - 0.1) * MINUTE) == 0
    assert chats.receive_waiting(at + minutes * MINUTE) == 1
    assert chats.receive_waiting(at + minutes * MINUTE) == 0

    incident = Incident.objects.get()
    assert (incident.channel, incident.narrative, incident.handler) == ("chat", words, None)
    assert incident.current_assessment.decided_by is None
    assert incident.grade == incident.current_assessment.recommended_grade
    assert again(chat).status == Chat.Status.WAITING  # somebody may still come


def test_a_visitor_who_left_before_anybody_came_is_an_incident_at_once(at):
    chat, secret = chats.begin(force=factories.force(), body="Help", key=uuid.uuid4(), at=at)
    chats.leave(secret, at)

    assert chats.find(secret, at) is None
    assert chats.receive_waiting(at) == 1
    assert again(chat).ended_why == "left"


@pytest.mark.parametrize("body", [AT_THE_DOOR, "He hit me and I am bleeding"])
def test_urgent_words_left_unanswered_are_everybodys_again_and_an_incident(at, handler, body):
    chat = begin(at, body)
    assert chat.grade <= 2
    chats.take(chat.pk, by=handler, at=at + 20 * SECOND)
    chats.here(handler, at + 79 * SECOND)
    assert (chats.let_go(at + 79 * SECOND), chats.receive_waiting(at + 79 * SECOND)) == (0, 0)

    left_at = at + 80 * SECOND
    assert chats.let_go(left_at) == 1
    assert chats.receive_waiting(left_at) == 1

    chat = again(chat)
    assert (chat.status, chat.taken_by, chat.called_at) == ("waiting", None, left_at)
    assert chat.waiting_since == at
    incident = Incident.objects.get()
    assert (incident.review_due_at, incident.is_seen) == (left_at, False)
    [row] = selectors.rows(handler, left_at)
    assert (row.state, row.is_calling, row.is_left) == ("waiting", True, True)
    entry = Entry.objects.get(type="chat.left")
    assert entry.detail["holder"] == str(handler.pk)


def test_words_written_after_the_incident_and_left_ask_for_a_look_at_once(at, handler):
    chat = begin(at, AT_THE_DOOR)
    chats.receive_waiting(at + MINUTE)
    chats.take(chat.pk, by=handler, at=at + MINUTE)
    answer(chat, "I am here", handler, at + MINUTE)
    incident = Incident.objects.get()
    incident.reviews.update(due_at=at + timedelta(hours=9), because="clock")
    say(chat, "Please", at + 2 * MINUTE)
    incident.reviews.update(due_at=at + timedelta(hours=9), because="clock")
    chats.here(handler, at + 3 * MINUTE)

    assert chats.let_go(at + 3 * MINUTE) == 1

    review = incident.reviews.get(done_at=None)
    assert (review.because, review.due_at) == ("chat not answered", at + 3 * MINUTE)


def test_whoever_has_no_page_open_any_more_has_left_what_waits(at, handler):
    urgent, other = begin(at, AT_THE_DOOR), begin(at, YESTERDAY)
    for chat in (urgent, other):
        chats.take(chat.pk, by=handler, at=at)
        answer(chat, "I am here", handler, at)
    chats.here(handler, at + 10 * SECOND)

    assert chats.let_go(at + 39 * SECOND) == 0
    assert chats.let_go(at + 40 * SECOND) == 1  # urgent, and no incident yet
    assert again(urgent).called_at == at + 40 * SECOND
    assert again(other).taken_by == handler
    say(other, "Are you there?", at + 41 * SECOND)
    assert chats.let_go(at + 41 * SECOND) == 1
    assert again(other).taken_by is None


def test_whoever_writes_the_report_has_the_chat_but_not_for_ever(at, handler):
    chat = begin(at, AT_THE_DOOR)
    chats.take(chat.pk, by=handler, at=at)
    draft_id = chats.begin_report(chat.pk, by=handler, at=at)
    version = ReportDraft.objects.get().version
    for number in range(4):
        form, saved_at = {"narrative": [f"Help {number}"]}, at + number * 35 * SECOND
        saved = drafts.save(draft_id, form=form, version=version, by=handler, at=saved_at)
        version = saved.version

    assert chats.let_go(at + 119 * SECOND) == 0
    assert chats.let_go(at + 120 * SECOND) == 1
    assert chats.receive_waiting(at + 120 * SECOND) == 0  # typed a moment ago
    assert chats.receive_waiting(at + 4 * MINUTE) == 1


def test_what_calls_stands_above_what_somebody_has_and_one_of_many_below_its_equals(at, handler):
    had = begin(at, AT_THE_DOOR)
    chats.take(had.pk, by=handler, at=at)
    calm = begin(at, "What are your opening hours?")
    many, _ = chats.begin(
        force=factories.force(), body=AT_THE_DOOR, key=uuid.uuid4(), at=at, is_crowded=True
    )
    one = begin(at + MINUTE, AT_THE_DOOR)
    left = begin(at + 2 * MINUTE, AT_THE_DOOR)
    Chat.objects.filter(pk=left.pk).update(called_at=at)

    assert [row.chat for row in selectors.rows(handler, at)] == [left, one, many, had, calm]


def test_taken_again_it_calls_no_more(at, handler, other):
    chat = begin(at, AT_THE_DOOR)
    chats.take(chat.pk, by=handler, at=at)
    chats.let_go(at + MINUTE)

    chats.take(chat.pk, by=other, at=at + MINUTE)

    [row] = selectors.rows(other, at + MINUTE)
    assert (row.state, row.is_calling, row.is_left) == ("mine", False, False)


def test_whoever_had_the_chat_gets_time_to_write_it_up(at, handler):
    chat, secret = chats.begin(force=factories.force(), body="Help", key=uuid.uuid4(), at=at)
    chats.take(chat.pk, by=handler, at=at)
    answer(chat, "I am here", handler, at)
    chats.leave(secret, at)
    draft_id = chats.begin_report(chat.pk, by=handler, at=at)
    drafts.save(
        draft_id, form={"narrative": ["Help me"]}, version=1, by=handler, at=at + 9 * MINUTE
    )

    assert chats.receive_waiting(at + 18 * MINUTE) == 0  # still at it a moment ago
    assert chats.receive_waiting(at + 19 * MINUTE) == 1

    incident = Incident.objects.get()
    assert again(chat).incident == incident
    assert ReportDraft.objects.get().incident == incident  # recorded later, it is this one
    assert Entry.objects.filter(type="chat.recorded").count() == 1


def test_a_draft_thrown_away_leaves_the_chat_to_the_clock(at, handler):
    chat, secret = chats.begin(force=factories.force(), body="Help", key=uuid.uuid4(), at=at)
    chats.take(chat.pk, by=handler, at=at)
    drafts.discard(chats.begin_report(chat.pk, by=handler, at=at), by=handler, at=at)
    chats.leave(secret, at)

    assert chats.receive_waiting(at + 10 * MINUTE) == 1
    assert again(chat).incident == Incident.objects.get()


def test_ended_without_an_incident_needs_a_reason_and_stays_none(at, handler):
    chat = begin(at, "What are your opening hours")
    chats.take(chat.pk, by=handler, at=at)
    with pytest.raises(chats.ReasonMissing):
        chats.end(chat.pk, by=handler, at=at, reason="  ")

    chats.end(chat.pk, by=handler, at=at, reason="Asked for opening hours")

    assert chats.receive_waiting(at + timedelta(days=1)) == 0
    assert (again(chat).ended_why, again(chat).end_reason) == ("none", "Asked for opening hours")
    with pytest.raises(chats.Over):
        say(chat, "And on Sunday?", at)


def test_a_page_that_is_gone_ends_the_chat_and_its_words_are_kept(at):
    chat = begin(at, "He took my phone")
    assert chats.end_quiet(at + timedelta(minutes=9)) == 0

    assert chats.end_quiet(at + timedelta(minutes=10)) == 1
    assert again(chat).ended_why == "quiet"
    assert chats.receive_waiting(at + timedelta(minutes=10)) == 1
    assert Incident.objects.get().narrative == "He took my phone"


def test_a_chat_holds_no_more_than_is_read_and_takes_no_flood(at):
    chat = begin(at, "x" * 5_000)
    for number in range(2):
        say(chat, "y" * 5_000, at + number * MINUTE)
    with pytest.raises(chats.TooMuch):
        say(chat, "z" * 5_000, at + 3 * MINUTE)
    for _ in range(chats.LINES_A_MINUTE):
        say(chat, "a", at + 4 * MINUTE)
    with pytest.raises(chats.TooMuch):
        say(chat, "a", at + 4 * MINUTE)

    assert Chat.objects.get().lines.count() == 3 + chats.LINES_A_MINUTE


@pytest.mark.django_db(transaction=True)
def test_everything_at_once_is_one_line_one_holder_and_one_incident(at):
    handlers = [factories.user(Role.CALL_HANDLER) for _ in range(4)]
    chat = begin(at, YESTERDAY)
    key, later = uuid.uuid4(), at + timedelta(minutes=11)

    def work(person):
        chats.say(chat.pk, body="Once", key=key, at=at)
        chats.receive_waiting(later)
        chats.take(chat.pk, by=person, at=at)

    found = at_once(*(partial(work, person) for person in handlers))

    assert broken(found, chats.Taken) == []
    assert ChatLine.objects.filter(body__isnull=False).count() == 2
    assert Incident.objects.count() == 1
    assert found.count(None) == 1


@pytest.mark.django_db(transaction=True)
def test_the_clock_and_whoever_records_the_draft_do_not_wait_for_each_other(at, handler):
    chat = begin(at, YESTERDAY)
    chats.take(chat.pk, by=handler, at=at)
    draft_id = chats.begin_report(chat.pk, by=handler, at=at)
    later = at + timedelta(minutes=11)
    has_draft, has_begun = threading.Event(), threading.Event()
    failed = []

    def receive():
        has_draft.wait(10)
        has_begun.set()
        try:
            chats._receive(chat.pk, later)
        except OperationalError as error:  # PostgreSQL ends one of two that wait in a ring
            failed.append(error)
        finally:
            connections.close_all()

    def goes_on(sender, **_):
        """The recorder holds the draft; the clock begins, and gets as far as it may."""
        has_draft.set()
        has_begun.wait(10)
        waits_for_a_lock(handler)

    def waits_for_a_lock(_):
        for _ in range(200):
            with connection.cursor() as cursor:
                cursor.execute("select count(*) from pg_locks where not granted")
                if cursor.fetchone()[0]:
                    return
            threading.Event().wait(0.02)

    signals.incident_recorded.connect(goes_on)
    first = signals.incident_recorded.receivers.pop()
    signals.incident_recorded.receivers.insert(0, first)
    signals.incident_recorded.sender_receivers_cache.clear()
    clock = threading.Thread(target=receive)
    clock.start()
    try:
        intake.record(
            intake.NewReport(channel="chat", narrative=YESTERDAY, caller=intake.Person()),
            force=chat.force,
            decision=decision(3, reason="As they wrote it"),
            by=handler,
            at=later,
            draft_id=draft_id,
        )
    except OperationalError as error:
        failed.append(error)
    finally:
        clock.join()
        signals.incident_recorded.disconnect(goes_on)

    assert failed == []
    assert Incident.objects.count() == 1
    assert again(chat).incident == Incident.objects.get()
