"""What a policy would change is seen before it is published, and not published unseen."""

import re

import pytest
from django.urls import reverse

from tests import factories
from triage import comparing, evaluation, policies
from triage.models import Policy
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
NOON = factories.NOON
SCAM = "A scam took her savings."
SLUR = "He shouted a slur."


def rules(*floors):
    """A policy that hears two flags; ``floors`` are (flag, grade)."""
    words = {"fraud": "scam", "hate_crime": "slur"}
    return {
        "version": "try",
        "cues": [{"raises": k, "say": k, "patterns": [word]} for k, word in words.items()],
        "starts": [{"when": [], "grade": 3, "say": "any report"}],
        "floors": [{"when": [name], "grade": grade, "say": name} for name, grade in floors],
    }


@pytest.fixture
def administrator(client):
    person = factories.user(Role.ADMINISTRATOR)
    factories.sign_in(client, person)
    return person


@pytest.fixture
def in_force():
    return factories.policy(data=rules(("fraud", 2)))


@pytest.fixture
def draft(in_force, administrator):
    made = policies.draft_from(in_force, by=administrator, at=NOON)
    made.data = rules(("hate_crime", 2))
    made.save()
    return made


@pytest.fixture
def labels(settings, tmp_path):
    """Labelled reports of our own, where the checkout has them."""
    path = tmp_path / evaluation.CASES
    path.parent.mkdir(parents=True)
    path.write_text(
        '{"id": "scam", "channel": "101", "narrative": "A scam.", "structured": {}, "grade": 2,'
        ' "flags": ["fraud"], "video_offer": false, "video_reasons": []}\n'
    )
    settings.BASE_DIR = tmp_path
    return path


def assessed(words):
    incident = factories.incident(narrative=words)
    return factories.assessment(incident, narrative=words)


def address(policy):
    return reverse("admin:triage_policy_compare", args=[policy.pk])


def seen(page):
    return re.search(r'name="seen" value="([^"]+)"', page.content.decode())[1]


def test_each_change_is_found_and_counted(in_force, draft, labels):
    scam, slur, neither = assessed(SCAM), assessed(SLUR), assessed("A lovely day.")

    state = comparing.go_on(
        comparing.start(), before=policies.rules(in_force), after=policies.draft_rules(draft)
    )

    assert comparing.is_done(state)
    past = state["past"]
    assert sorted(past["todo"]) == sorted(str(row.pk) for row in (scam, slur, neither))
    assert {c["key"]: c["grades"] for c in past["changes"]} == {
        str(scam.pk): [2, 3],
        str(slur.pk): [3, 2],
    }
    assert past["matrix"] == [[0] * 4, [0, 0, 1, 0], [0, 1, 1, 0], [0] * 4]
    assert {c["key"]: c["video"] for c in past["changes"]}[str(scam.pk)] == [False, True]
    assert state["labelled"]["faults"]["under"] == [0, 1]
    assert state["labelled"]["faults"]["dangerous"] == [0, 1]
    assert "savings" not in str(state)


def test_flags_gained_and_lost_are_named(in_force, draft, labels):
    scam = assessed(SCAM)
    draft.data = rules()
    draft.data["cues"][0]["patterns"] = ["savings"]
    draft.data["cues"][0]["raises"] = "hate_crime"

    state = comparing.go_on(
        comparing.start(), before=policies.rules(in_force), after=policies.draft_rules(draft)
    )

    (change,) = state["past"]["changes"]
    assert (change["key"], change["gained"], change["lost"]) == (
        str(scam.pk),
        ["hate_crime"],
        ["fraud"],
    )


def test_goes_on_in_steps_that_come_to_the_same(in_force, draft, labels):
    for words in (SCAM, SLUR, SCAM):
        assessed(words)
    both = {"before": policies.rules(in_force), "after": policies.draft_rules(draft)}
    whole = comparing.go_on(comparing.start(), **both)

    state, steps = comparing.start(), 0
    while not comparing.is_done(state):
        state = comparing.go_on(state, seconds=0, **both)
        steps += 1

    assert steps == 4
    assert state == whole


def test_dismissed_flags_stay_dismissed(in_force, draft, labels):
    incident = factories.incident(narrative=SCAM)
    factories.assessment(incident, narrative=SCAM, dismissed={"fraud": "A game"})

    state = comparing.go_on(
        comparing.start(), before=policies.rules(in_force), after=policies.draft_rules(draft)
    )

    assert state["past"]["changes"] == []


def test_page_shows_progress_then_each_change(client, draft, labels, monkeypatch):
    row = assessed(SCAM)
    own = {**comparing.go_on.__kwdefaults__, "seconds": 0}
    monkeypatch.setattr(comparing.go_on, "__kwdefaults__", own)

    first = client.get(address(draft)).content.decode()
    last = client.get(address(draft)).content.decode()

    assert '<progress id="progress" value="1" max="2">' in first
    assert 'http-equiv="refresh"' in first
    assert 'name="seen"' not in first
    assert 'http-equiv="refresh"' not in last
    assert reverse("admin:triage_incident_change", args=[row.incident_id]) in last
    assert row.incident.reference in last
    assert "2 → <strong>3</strong> (less urgent)" in last
    assert "<strong>Opened</strong>" in last
    assert "savings" not in last
    entry = Entry.objects.get(type="policy.compared")
    assert entry.detail["changed"] == {"labelled": 1, "past": 1}


def test_page_says_that_an_installation_has_no_labelled_set(client, draft, settings, tmp_path):
    settings.BASE_DIR = tmp_path

    page = client.get(address(draft)).content.decode()

    assert "There is no labelled set in this installation" in page


def test_published_after_a_look_and_rolled_back_after_another(client, draft, in_force, labels):
    first = client.post(address(draft), {"seen": seen(client.get(address(draft)))})
    in_between = {p.version: p.status for p in Policy.objects.all()}
    client.post(address(in_force), {"seen": seen(client.get(address(in_force)))})

    assert first.status_code == 302
    assert in_between == {1: "retired", 2: "published"}
    assert {p.version: p.status for p in Policy.objects.all()} == {1: "published", 2: "retired"}


@pytest.mark.parametrize("token", ["", "made-up"])
def test_not_published_unseen(client, draft, labels, token):
    client.post(address(draft), {"seen": token})

    draft.refresh_from_db()
    assert draft.status == "draft"


def test_not_published_when_the_draft_changed_since(client, draft, labels):
    token = seen(client.get(address(draft)))
    draft.data = rules()
    draft.save()

    answer = client.post(address(draft), {"seen": token}, follow=True)

    assert Policy.objects.get(pk=draft.pk).status == "draft"
    assert "the policy has changed since it was compared" in answer.content.decode()


def test_one_persons_look_does_not_let_another_publish(client, draft, labels):
    token = seen(client.get(address(draft)))
    factories.sign_in(client, factories.user(Role.ADMINISTRATOR))

    client.post(address(draft), {"seen": token})

    assert Policy.objects.get(pk=draft.pk).status == "draft"


def test_action_of_the_list_leads_to_the_comparison(client, draft):
    answer = client.post(
        reverse("admin:triage_policy_changelist"),
        {"action": "publish", "_selected_action": [str(draft.pk)]},
    )

    assert answer.url == address(draft)
    assert Policy.objects.get(pk=draft.pk).status == "draft"


def test_change_page_leads_to_the_comparison(client, draft, in_force):
    page = client.get(reverse("admin:triage_policy_change", args=[draft.pk])).content.decode()
    other = client.get(reverse("admin:triage_policy_change", args=[in_force.pk])).content.decode()

    assert address(draft) in page
    assert address(in_force) not in other


def test_draft_that_the_engine_cannot_use_says_so(client, draft):
    Policy.objects.filter(pk=draft.pk).update(data={"version": "x"})

    answer = client.get(address(draft), follow=True)

    assert "The engine cannot use version 2" in answer.content.decode()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_no_other_role_compares_or_publishes(client, draft, role):
    factories.sign_in(client, factories.user(role))

    answers = [client.get(address(draft), follow=True), client.post(address(draft), follow=True)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert Policy.objects.get(pk=draft.pk).status == "draft"
