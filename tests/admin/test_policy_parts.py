"""A policy is edited part by part: checked by the line, nothing lost, differences drawn."""

import tomllib

import pytest
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from triage import admin_parts, admin_toml, policies
from triage.models import Policy
from triage.thrive.policy import SHIPPED
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

SHIPPED_DATA = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
RULES = {
    "version": "try",
    "leave_alone": "",
    "families": {"blade": ["knife", "machete"]},
    "cues": [
        {"raises": "fraud", "say": "A scam", "patterns": ["scam"]},
        {"raises": "weapon_involved", "say": "A blade", "patterns": ["@blade"]},
        {"raises": "fraud", "say": "Money lost", "patterns": ["lost my savings"]},
    ],
    "starts": [{"when": [], "grade": 3, "say": "any report"}],
    "floors": [
        {"when": ["weapon_involved"], "grade": 1, "say": "a weapon"},
        {"when": ["fraud"], "grade": 2, "say": "money still going"},
    ],
}


@pytest.fixture
def administrator(client, db):
    person = factories.user(Role.ADMINISTRATOR)
    factories.sign_in(client, person)
    return person


@pytest.fixture
def in_force(db):
    return factories.policy(data=RULES)


@pytest.fixture
def draft(in_force, administrator):
    return policies.draft_from(in_force, by=administrator, at=now())


def address(policy, key, raises=""):
    name = "cues" if raises else "part"
    return reverse(f"admin:triage_policy_{name}", args=[policy.pk, raises or key])


def save(client, where, change):
    """The page as it stands with ``change`` made to its text, sent back."""
    form = client.get(where).context["form"]
    text = change(form["text"].value())
    return text, client.post(where, {"text": text, "before": form["before"].value()})


def data(policy):
    return Policy.objects.get(pk=policy.pk).data


# The text


@pytest.mark.parametrize("rules", [SHIPPED_DATA, RULES], ids=["shipped", "small"])
def test_every_part_reads_back_as_it_was(rules):
    for part in admin_parts.parts_of(rules):
        assert part.read(part.text(rules), rules) == rules, part


def test_every_rule_belongs_to_one_part():
    held = [part.of(SHIPPED_DATA) for part in admin_parts.parts_of(SHIPPED_DATA)]

    whole = {key: SHIPPED_DATA[key] for part in held for key in part}
    assert whole == SHIPPED_DATA
    assert sum(len(part["cues"]) for part in held if "cues" in part) == len(SHIPPED_DATA["cues"])


@pytest.mark.parametrize(
    "value", ['a "quoted" word', "back\\slash", "two\nlines", "\x7f", "£5 · “so”", "🔪", ""]
)
def test_any_words_survive_being_written(value):
    tables = {
        "words": {value or "empty": [value, value]},
        "rows": [{"say": value, "of": [[value]]}],
    }

    for spread in (False, True):
        assert tomllib.loads(admin_toml.written(tables, spread)) == tables


# The pages


def test_a_part_is_saved_alone_and_leaves_an_entry(client, draft, administrator):
    _, answer = save(
        client, address(draft, "floors"), lambda text: text.replace("grade = 2", "grade = 1")
    )

    assert answer.status_code == 302
    expected = [RULES["floors"][0], {**RULES["floors"][1], "grade": 1}]
    assert data(draft) == {**RULES, "floors": expected}
    entry = Entry.objects.get(type="policy.changed")
    assert entry.actor == f"user:{administrator.pk}"
    assert (entry.detail["part"], entry.detail["changed"]) == ("floors", {"Changed": 1})


def test_cues_of_one_flag_keep_their_places_among_the_others(client, draft):
    more = '\n[[cues]]\nraises = "fraud"\nsay = "A caller"\npatterns = ["cold call"]\n'

    save(client, address(draft, "cues", "fraud"), lambda text: text.replace("scam", "con") + more)

    assert [cue["patterns"] for cue in data(draft)["cues"]] == [
        ["con"],
        ["@blade"],
        ["lost my savings"],
        ["cold call"],
    ]


def test_a_flag_without_cues_can_be_given_its_first(client, draft):
    cue = '[[cues]]\nraises = "hate_crime"\nsay = "A slur"\npatterns = ["slur"]\n'

    save(client, address(draft, "cues", "hate_crime"), lambda text: cue)

    assert data(draft)["cues"][-1]["raises"] == "hate_crime"


def test_a_signal_is_opened_by_its_name(client, draft):
    named = reverse("admin:triage_policy_other_cues", args=[draft.pk])

    good = client.get(named, {"raises": "Scam call"})
    bad = client.get(named, {"raises": "../x"})

    assert good.url == address(draft, "cues", "scam_call")
    assert bad.url == reverse("admin:triage_policy_change", args=[draft.pk])


@pytest.mark.parametrize(
    ("key", "raises", "old", "new", "line", "says"),
    [
        ("floors", "", "grade = 2", "grade = 7", 7, "“grade” cannot be 7"),
        ("floors", "", "grade = 2", "grade = ", 7, "This is not TOML"),
        ("floors", "", '"fraud"', '"frod"', 8, "“frod”, which nothing raises"),
        ("floors", "", "[[floors]]\ngrade = 2", "# note\n[[floors]]\ngrade = 2", 6, "after #"),
        ("floors", "", "[[floors]]\ngrade = 1", "[[links]]\ngrade = 1", 1, "does not belong"),
        ("cues", "fraud", '"lost my savings"', '"@nobody"', 9, "“nobody”, which is not defined"),
        ("cues", "fraud", 'raises = "fraud"', 'raises = "hate_crime"', 1, "raises = “fraud”"),
        ("cues", "fraud", '"lost my savings"', '"a||b"', 9, "has an empty choice"),
        ("families", "", "blade", "blades", None, "Another part would no longer work. cues 2"),
        ("words", "", 'version = "try"\n', "", None, "“version” is missing"),
        ("floors", "", '"a weapon"', '"a weapon', 4, "This is not TOML"),
    ],
)
def test_a_slip_is_said_by_the_line_and_loses_nothing(
    client, draft, key, raises, old, new, line, says
):
    text, answer = save(client, address(draft, key, raises), lambda text: text.replace(old, new, 1))

    assert answer.status_code == 422
    assert answer.context["fault"].line == line
    assert says in str(answer.context["fault"])
    assert answer.context["form"]["text"].value() == text
    assert data(draft) == RULES


def test_two_people_at_one_part_and_the_second_is_told(client, draft):
    where = address(draft, "floors")
    form = client.get(where).context["form"]
    mine = form["text"].value().replace("grade = 2", "grade = 4")
    save(client, where, lambda text: text.replace("grade = 2", "grade = 1"))

    answer = client.post(where, {"text": mine, "before": form["before"].value()})

    assert "changed by somebody else meanwhile" in answer.content.decode()
    assert answer.context["form"]["text"].value() == mine
    assert data(draft)["floors"][1]["grade"] == 1


def test_two_people_at_two_parts_keep_both(client, draft):
    floors, starts = address(draft, "floors"), address(draft, "starts")
    form = client.get(starts).context["form"]
    save(client, floors, lambda text: text.replace("grade = 2", "grade = 1"))

    text = form["text"].value().replace("grade = 3", "grade = 4")
    client.post(starts, {"text": text, "before": form["before"].value()})

    assert data(draft)["floors"][1]["grade"] == 1
    assert data(draft)["starts"][0]["grade"] == 4


def test_what_a_draft_changes_is_drawn_rule_by_rule(client, draft):
    def change(text):
        added = '\n[[floors]]\ngrade = 2\nwhen = ["weapon_involved", "fraud"]\nsay = "both"\n'
        return text.replace("grade = 2", "grade = 1").replace("a weapon", "any weapon") + added

    save(client, address(draft, "floors"), change)
    page = client.get(reverse("admin:triage_policy_change", args=[draft.pk]))

    (row,) = page.context["changed_parts"]
    assert [(c.kind, c.label) for c in row["changes"]] == [
        ("Removed", "a weapon"),
        ("Changed", "money still going"),
        ("Added", "any weapon"),
        ("Added", "both"),
    ]
    assert ("-", "grade = 2") in row["changes"][1].lines
    assert ("+", "grade = 1") in row["changes"][1].lines
    assert "policy-change--added" in page.content.decode()


def test_published_versions_are_read_in_the_same_pages(client, in_force, administrator):
    for where in (address(in_force, "floors"), address(in_force, "cues", "fraud")):
        page = client.get(where)
        assert page.status_code == 200
        assert "<textarea" not in page.content.decode()
    text = client.get(address(in_force, "floors")).context["form"]

    answer = client.post(
        address(in_force, "floors"), {"text": "", "before": text["before"].value()}
    )

    assert answer.status_code == 422
    assert data(in_force) == RULES


def test_no_such_part_and_no_such_policy(client, draft):
    assert client.get(address(draft, "nothing")).status_code == 404
    assert client.get(address(draft, "cues", "-x")).status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_no_other_role_reads_or_changes_a_part(client, draft, role):
    factories.sign_in(client, factories.user(role))

    answers = [
        client.get(address(draft, "floors"), follow=True),
        client.post(address(draft, "floors"), {"text": ""}, follow=True),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert data(draft) == RULES
