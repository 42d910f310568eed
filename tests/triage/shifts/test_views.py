import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from triage.models import Incident
from triage.shifts import duty, ownership
from triage.shifts.models import Duty, Handover, Pin

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_leader(leader):
    return factories.sign_in(Client(), leader)


@pytest.fixture
def as_handler(handler):
    return factories.sign_in(Client(), handler)


@pytest.fixture
def incident():
    return factories.incident(grade=3, at=now())


def address(name, incident):
    return reverse(f"shifts:{name}", args=[incident.pk])


def said(answer):
    """The banner on the page to which an action led."""
    return [str(message) for message in answer.context["messages"]]


def test_board_shows_each_line_with_its_why_and_its_owner(as_leader, handler, incident):
    ownership.take_over(incident, by=handler, at=now())

    body = as_leader.get(reverse("shifts:board")).content.decode()

    assert incident.reference in body
    assert "<strong>Grade 3 Scheduled</strong>" in body
    assert str(handler) in body
    assert 'class="vc-mark vc-mark--away">away<' in body


def test_board_knows_only_its_own_lists_and_pages(as_leader, incident):
    for query in ("?show=nonsense", "?page=-1", "?page=x", "?page=99999999999999999999", "?page=²"):
        assert as_leader.get(reverse("shifts:board") + query).status_code == 200


def test_board_in_the_navigation_is_its_own_section(as_leader):
    body = as_leader.get(reverse("shifts:board")).content.decode()

    assert body.count('aria-current="page">Board') == 1
    assert 'aria-current="true">Triage' not in body


def test_take_over_from_a_stale_page_tells_who_has_it(as_handler, handler, other, incident):
    ownership.take_over(incident, by=other, at=now())

    answer = as_handler.post(address("take_over", incident), {"seen": ""}, follow=True)

    assert said(answer) == [
        f"{other} has {incident.reference} by now. Nothing was changed: look again."
    ]
    assert Incident.objects.get().owner == other
    as_handler.post(address("take_over", incident), {"seen": str(other.pk)})
    assert Incident.objects.get().owner == handler


def test_assign_offers_who_is_on_duty_free_first(as_leader, leader, handler, other, incident):
    duty.say(handler, "busy", at=now())
    duty.say(other, "free", at=now())

    form = as_leader.get(address("act", incident)).context["assign_form"]
    answer = as_leader.post(
        address("assign", incident), {"to": str(other.pk), "seen": "", "back": "/triage/board/"}
    )

    assert [label for _, label in form.fields["to"].choices] == [
        "Choose",
        "Sam Other (free, 0 open)",
        "Sam Handler (busy, 0 open)",
        "Nobody: back to the pool",
    ]
    assert (answer.status_code, answer.url) == (302, "/triage/board/")
    assert Incident.objects.get().owner == other


def test_assign_to_who_left_meanwhile_says_so_and_changes_nothing(as_leader, other, incident):
    answer = as_leader.post(address("assign", incident), {"to": str(other.pk), "seen": ""})

    assert answer.status_code == 422
    assert "Whom you chose is no longer on duty" in answer.content.decode()
    assert Incident.objects.get().owner is None


def test_assign_back_to_the_pool(as_leader, handler, incident):
    ownership.take_over(incident, by=handler, at=now())

    as_leader.post(address("assign", incident), {"to": "pool", "seen": str(handler.pk)})

    assert Incident.objects.get().owner is None


def test_pin_without_a_reason_is_asked_again_and_with_one_is_shown(as_leader, leader, incident):
    answer = as_leader.post(address("pin", incident), {"reason": ""})
    assert (answer.status_code, Pin.objects.count()) == (422, 0)
    assert "Say why it goes first" in answer.content.decode()

    as_leader.post(address("pin", incident), {"reason": "Her second call tonight"})

    assert "Her second call tonight" in as_leader.get(reverse("shifts:board")).content.decode()
    page = as_leader.get(reverse("triage:incident", args=[incident.pk])).content.decode()
    assert "Her second call tonight" in page
    as_leader.post(address("unpin", incident))
    assert not Pin.objects.exists()


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org/", "javascript:x", ""])
def test_an_action_leads_back_to_this_house_alone(as_leader, incident, back):
    answer = as_leader.post(address("unpin", incident), {"back": back})

    assert answer.url == reverse("triage:incident", args=[incident.pk])


def test_act_is_a_part_for_the_board_and_a_page_without_scripts(as_leader, incident):
    page = as_leader.get(address("act", incident)).content.decode()
    part = as_leader.get(address("act", incident), headers={"HX-Request": "true"}).content.decode()

    assert ("<h1" in page, "<h1" in part) == (True, False)
    assert part.strip().startswith("<section")
    assert "Send officers now" in part


def test_act_on_a_closed_incident_says_that_there_is_nothing_to_do(as_leader, leader):
    closed = factories.incident(grade=3, status="closed", closed_at=now(), closed_by=leader)

    assert "It is closed" in as_leader.get(address("act", closed)).content.decode()
    answer = as_leader.post(address("take_over", closed), {"seen": ""}, follow=True)
    assert said(answer) == [f"{closed.reference} is closed. Nothing was changed."]


def test_duty_is_said_from_the_header_of_any_page(as_handler, handler):
    assert "On duty: </span>Away" in as_handler.get(reverse("triage:queue")).content.decode()

    part = as_handler.post(
        reverse("shifts:say_duty"), {"state": "free"}, headers={"HX-Request": "true"}
    )
    back = as_handler.post(
        reverse("shifts:say_duty"), {"state": "busy", "back": reverse("triage:queue")}
    )

    assert "On duty: </span>Free" in part.content.decode()
    assert back.url == reverse("triage:queue")
    assert Duty.objects.get().state == "busy"
    as_handler.post(reverse("shifts:say_duty"), {"state": "nonsense"})
    assert Duty.objects.get().state == "busy"


def test_hand_over_page_gives_on_and_the_next_one_reads_it(as_handler, handler, other, incident):
    ownership.take_over(incident, by=handler, at=now())
    as_other = factories.sign_in(Client(), other)

    bad = as_handler.post(reverse("shifts:hand_over"), {"to": "", "note": ""})
    done = as_handler.post(
        reverse("shifts:hand_over"), {"to": str(other.pk), "note": "Ring her at nine"}, follow=True
    )

    assert bad.status_code == 422
    assert said(done) == [f"Handed over to {other}: 1 open incident."]
    assert "nobody has said that they read the note" in done.content.decode()
    waiting = as_other.get(reverse("triage:queue")).content.decode()
    assert "Handover to read" in waiting
    page = as_other.get(reverse("shifts:hand_over")).content.decode()
    assert ("Ring her at nine" in page, incident.reference in page) == (True, True)
    as_other.post(reverse("shifts:acknowledge", args=[Handover.objects.get().pk]))
    assert "Handover to read" not in as_other.get(reverse("triage:queue")).content.decode()


def test_a_handover_by_name_is_not_read_by_another(as_handler, other, leader, incident):
    ownership.take_over(incident, by=other, at=now())
    handover = ownership.hand_over(by=other, to=leader, note="For you alone", at=now())

    assert "For you alone" not in as_handler.get(reverse("shifts:hand_over")).content.decode()
    answer = as_handler.post(reverse("shifts:acknowledge", args=[handover.pk]), follow=True)

    assert said(answer) == [f"It is to {leader}, who must read it."]
    handover.refresh_from_db()
    assert handover.acknowledged_at is None


def test_the_incident_page_says_who_owns_it_and_what_was_handed_on(as_handler, other, incident):
    page = as_handler.get(reverse("triage:incident", args=[incident.pk])).content.decode()
    assert "Nobody has it." in page

    ownership.take_over(incident, by=other, at=now())
    ownership.hand_over(by=other, to=None, note="She is at her sister's", at=now())

    page = as_handler.get(reverse("triage:incident", args=[incident.pk])).content.decode()
    assert "She is at her sister&#x27;s" in page
    assert "not read yet" in page
