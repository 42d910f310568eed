"""A flag is dismissed with a reason; one that holds the grade up, by a leader alone."""

import pytest
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from tests.triage.conftest import AT_THE_DOOR, YESTERDAY, known
from tests.triage.test_views import typed
from triage import assessing, permissions, thrive
from triage.assessing import Decision
from triage.models import Assessment, Incident
from triage.thrive import engine, signals
from victimcontact.audit.models import Entry

NOON = factories.NOON
# He has said the same before, and it happens again: of no weight for the grade.
AGAIN = YESTERDAY + " It has happened before."
WHY = "She means last year's summer play"


def policy():
    return factories.policy()


def flags_of(result):
    return [flag.name for flag in result.flags]


# The engine


def report(words=AT_THE_DOOR, **answers):
    return thrive.Report("101", words, answers)


def test_dismissed_flag_raises_no_floor_and_stays_listed():
    rules = thrive.default_policy()
    words = "A man I do not know walked past my shop with a knife in his belt."

    whole = thrive.assess(report(words), rules)
    without = thrive.assess(report(words), rules, dismissed={"weapon_involved"})

    assert "weapon_involved" in flags_of(whole)
    assert without.grade > whole.grade
    assert "weapon_involved" not in flags_of(without)
    assert [flag.name for flag in without.dismissed] == ["weapon_involved"]
    assert "knife" in without.dismissed[0].spans[0].text
    assert "dismissed: weapon_involved (Weapon)" in without.because


def test_what_followed_from_a_dismissed_flag_alone_goes_with_it_and_is_named():
    rules = thrive.default_policy()
    words = "My son is 15 and he is being bullied."
    whole = thrive.assess(report(words, victim_age=15), rules)

    without = thrive.assess(report(words, victim_age=15), rules, dismissed=set(flags_of(whole)))

    assert flags_of(without) == []
    named = [line.split(": ")[1].split(" ")[0] for line in without.because if "dismiss" in line]
    assert sorted(named) == sorted(flags_of(whole))


def test_nothing_changes_where_what_is_dismissed_was_not_raised():
    rules = thrive.default_policy()

    assert thrive.assess(report(), rules, dismissed={"fraud"}) == thrive.assess(report(), rules)


# The weight of a flag


@pytest.mark.django_db
def test_weight_is_what_holds_the_grade_up_or_video_shut():
    what = known(AGAIN)
    assert "repeat_victimisation" in flags_of(assessing.score(what, policy=policy()))

    assert assessing.weighty(what, policy=policy(), dismissed={"repeat_victimisation"}) == set()
    heavy = known(AT_THE_DOOR, {})
    raised = set(flags_of(assessing.score(heavy, policy=policy())))
    assert assessing.weighty(heavy, policy=policy(), dismissed=raised) != set()
    assert assessing.weighty(heavy, policy=policy(), dismissed={"fraud"}) == set()


def needing(*floors):
    """A policy that hears four flags and has these floors of grade 2 over them."""
    cues = [
        {"raises": name, "say": name, "patterns": [word]}
        for name, word in {
            "fraud": "scam",
            "hate_crime": "slur",
            "stalking": "follows",
            "cuckooing": "moved in",
        }.items()
    ]
    return {
        "version": "try",
        "cues": cues,
        "starts": [{"when": [], "grade": 3, "say": "any report"}],
        "floors": [{"when": list(when), "grade": 2, "say": "two"} for when in floors],
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("floors", "dismissed", "expected"),
    [
        ([("fraud",)], {"fraud"}, {"fraud"}),
        ([("fraud",)], {"stalking"}, set()),
        ([("fraud",), ("stalking",)], {"fraud"}, set()),
        ([("fraud",), ("stalking",)], {"fraud", "stalking"}, {"fraud", "stalking"}),
        (
            [("fraud", "hate_crime"), ("stalking", "cuckooing")],
            {"fraud", "hate_crime", "stalking", "cuckooing"},
            {"fraud", "hate_crime", "stalking", "cuckooing"},
        ),
    ],
)
def test_no_way_round_by_dismissing_several(floors, dismissed, expected):
    own = factories.policy(data=needing(*floors))
    what = known("A scam, a slur, he follows me and moved in.", {})

    assert assessing.weighty(what, policy=own, dismissed=dismissed) == expected


# The service


def dismiss(incident, by, flags, what=None, grade=1, **more):
    return assessing.assess(
        incident,
        known=what or known(AT_THE_DOOR, {}),
        decision=Decision(grade, "", {}, flags),
        by=by,
        at=NOON,
        **more,
    )


@pytest.mark.django_db
def test_flag_without_weight_is_dismissed_by_whoever_assesses(handler):
    made = dismiss(
        factories.incident(),
        handler,
        {"repeat_victimisation": f" {WHY} ", "fraud": "was not raised"},
        known(AGAIN),
        assessing.score(known(AGAIN), policy=policy()).grade,
    )

    assert made.dismissed == {"repeat_victimisation": WHY}
    assert "repeat_victimisation" not in made.flags
    assert [flag["name"] for flag in made.findings["dismissed"]] == ["repeat_victimisation"]
    entry = Entry.objects.get(type="incident.assessed")
    assert entry.detail["dismissed"] == ["repeat_victimisation"]
    assert WHY not in str(entry.detail)


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["call_handler", "video_officer", None])
def test_flag_of_weight_is_not_dismissed_without_a_leader(who):
    incident = factories.incident()
    raised = flags_of(assessing.score(known(AT_THE_DOOR, {}), policy=policy()))

    with pytest.raises(permissions.MayNotDismiss) as refused:
        dismiss(incident, factories.user(who) if who else None, dict.fromkeys(raised, WHY))

    assert set(refused.value.flags) <= set(raised)
    assert not Assessment.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["team_leader", "supervisor"])
def test_leader_dismisses_what_the_grade_rests_on(who):
    raised = flags_of(assessing.score(known(AT_THE_DOOR, {}), policy=policy()))
    left = assessing.score(known(AT_THE_DOOR, {}), policy=policy(), dismissed=raised)

    made = dismiss(
        factories.incident(), factories.user(who), dict.fromkeys(raised, WHY), grade=left.grade
    )

    assert left.grade > 1
    assert (made.recommended_grade, made.flags) == (left.grade, [])
    assert sorted(made.dismissed) == sorted(raised)


@pytest.mark.django_db
def test_dismissed_without_a_reason_is_refused(leader):
    with pytest.raises(assessing.DismissalUnexplained) as refused:
        dismiss(factories.incident(), leader, {"weapon_involved": "  "})

    assert refused.value.flags == ["weapon_involved"]


# The pages


def ticked(*flags, why=WHY):
    return {f"dismiss_{name}": "on" for name in flags} | {
        f"dismiss_why_{name}": why for name in flags
    }


@pytest.mark.django_db
def test_panel_leaves_a_dismissed_flag_out_and_shows_it(client, handler):
    factories.sign_in(client, handler)
    data = typed(narrative=AGAIN, **ticked("repeat_victimisation"))

    page = client.post(reverse("triage:score", args=[data["draft"]]), data)

    rows = {row.flag.name: row for row in page.context["flags"]}
    assert rows["repeat_victimisation"].is_dismissed
    assert "repeat_victimisation" not in flags_of(page.context["result"])
    assert f'value="{WHY}"'.replace("'", "&#x27;") in page.content.decode()


@pytest.mark.django_db
def test_panel_listens_once_however_many_flags_are_dismissed(client, handler, monkeypatch):
    factories.sign_in(client, handler)
    data = typed(narrative=AT_THE_DOOR, **ticked(*thrive.FLAGS))
    listened = []

    def listen(narrative, rules):
        listened.append(narrative)
        return signals.listen(narrative, rules)

    monkeypatch.setattr(engine, "listen", listen)
    client.post(reverse("triage:score", args=[data["draft"]]), data)

    assert listened == [AT_THE_DOOR]


@pytest.mark.django_db
def test_panel_refuses_a_handler_and_goes_on_counting_the_flag(client, handler):
    factories.sign_in(client, handler)
    data = typed(narrative=AT_THE_DOOR, **ticked(*thrive.FLAGS))

    page = client.post(reverse("triage:score", args=[data["draft"]]), data)

    assert page.context["result"].grade == 1
    assert any(row.refusal for row in page.context["flags"])
    assert "Only a team leader or supervisor may dismiss" in page.content.decode()


@pytest.mark.django_db
def test_report_with_a_refused_dismissal_loses_nothing(client, handler):
    factories.sign_in(client, handler)
    data = typed(narrative=AT_THE_DOOR, grade="1", seen_grade="1", **ticked(*thrive.FLAGS))

    page = client.post("/triage/new/", data)

    assert page.status_code == 422
    wrong = {name for name in page.context["form"].errors if name.startswith("dismiss_why_")}
    assert wrong
    html = page.content.decode()
    assert f'href="#id_{min(wrong)}"' in html
    assert AT_THE_DOOR in html.replace("&#x27;", "'")
    assert not Incident.objects.exists()


@pytest.mark.django_db
def test_dismissal_without_a_reason_is_said_by_the_field(client, handler):
    factories.sign_in(client, handler)
    grade = str(assessing.score(known(AGAIN, {}), policy=policy()).grade)
    data = typed(narrative=AGAIN, grade=grade, **ticked("repeat_victimisation", why=""))

    page = client.post("/triage/new/", data)

    assert page.context["form"].errors == {
        "dismiss_why_repeat_victimisation": ["Give the reason why “Has happened before” is not so"]
    }


@pytest.mark.django_db
def test_recorded_with_a_dismissal_and_shown_with_reason_and_name(client, handler):
    factories.sign_in(client, handler)
    scored = assessing.score(known(AGAIN, {}), policy=policy(), dismissed={"repeat_victimisation"})
    data = typed(
        narrative=AGAIN,
        grade=str(scored.grade),
        seen_grade=str(scored.grade),
        **ticked("repeat_victimisation", why="Another shop"),
    )

    client.post("/triage/new/", data)

    incident = Incident.objects.get()
    assert incident.current_assessment.dismissed == {"repeat_victimisation": "Another shop"}
    page = client.get(reverse("triage:incident", args=[incident.pk])).content.decode()
    assert f"Dismissed by {handler}" in page
    assert "Another shop" in page
    again = client.get(reverse("triage:reassess", args=[incident.pk]))
    row = next(r for r in again.context["flags"] if r.flag.name == "repeat_victimisation")
    assert (row.is_dismissed, row.why.value()) == (False, "Another shop")


@pytest.mark.django_db
def test_leader_dismisses_on_the_page_of_a_fresh_assessment(client, leader, handler):
    incident = factories.incident(narrative=AT_THE_DOOR, grade=1, at=now())
    factories.sign_in(client, leader)
    raised = flags_of(assessing.score(known(AT_THE_DOOR, {}), policy=policy()))
    left = assessing.score(known(AT_THE_DOOR, {}), policy=policy(), dismissed=raised)
    data = {
        "narrative": AT_THE_DOOR,
        "after": "1",
        "grade": str(left.grade),
        "seen_grade": str(left.grade),
        "reason": "A scene in a play",
        "action": "record",
        **ticked(*raised),
    }

    answer = client.post(reverse("triage:reassess", args=[incident.pk]), data)

    assert answer.status_code == 302
    assert incident.current_assessment.decided_grade == left.grade
