from datetime import UTC, datetime

import pytest

from tests import factories
from tests.triage.conftest import YESTERDAY
from triage import thrive
from triage.forms import PlanForm, ReassessForm, ReportForm
from victimcontact.people import plans

pytestmark = pytest.mark.django_db
NOON = factories.NOON
LEAST = {"channel": "101", "about": "self", "narrative": YESTERDAY, "grade": "3", "seen_grade": "3"}


def report_form(at=NOON, **data):
    force = factories.force()
    return ReportForm(
        {**LEAST, **data}, rules=thrive.default_policy(), force=force, forces=[force], at=at
    )


def errors(form):
    return {name: list(said) for name, said in form.errors.items()}


def test_least_report_is_valid():
    form = report_form()

    assert errors(form) == {}
    assert form.answers == {}
    assert (form.report.narrative, form.report.victim) == (YESTERDAY, None)
    assert (form.decision.grade, form.decision.reason) == (3, "")


def test_answers_by_the_engines_keys():
    form = report_form(
        weapon="no",
        safe_to_talk="yes",
        injuries="minor",
        victim_age="84",
        minutes_since_incident="300",
        previous_reports_12m="2",
        has_data="",
    )

    assert form.is_valid()
    assert form.answers == {
        "safe_to_talk": True,
        "weapon": False,
        "injuries": "minor",
        "victim_age": 84,
        "caller_age": 84,
        "minutes_since_incident": 300,
        "previous_reports_12m": 2,
    }


def test_every_question_of_the_policy_can_be_answered_by_its_button():
    for question in thrive.default_policy().questions:
        for option in question.options:
            blank = report_form()
            name, posted = blank.option(question.key, option["value"])
            form = report_form(**{name: posted})

            assert form.is_valid(), (question.key, option, form.errors)
            assert form.answers[question.key] == option["value"]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("narrative", "", "Write what the caller says"),
        (
            "narrative",
            "x" * 20_001,
            "What the caller says must be 20,000 characters or fewer (20001 now)."
            " Shorten it: nothing was cut",
        ),
        ("grade", "", "Decide the grade"),
        (
            "caller_phone",
            "12345",
            "Enter a phone number, like 07700 900 982, or +33 6 12 34 56 78 from abroad",
        ),
        ("victim_born", "31/2/1980", "Enter a date of birth like 27/3/1985"),
        ("victim_born", "6/5/2026", "Enter a date that is not in the future"),
        ("victim_born", "1/1/1850", "Enter a date of birth in the last 120 years"),
        ("victim_age", "old", "Enter an age in years, like 42"),
        ("victim_email", "robin@", "Enter an e-mail address like name@example.com"),
        ("happened_at", "25:00", "Enter a time like 14:30 or 2:30pm"),
        (
            "location",
            "x" * 501,
            "Where it happened must be 500 characters or fewer. Shorten it: nothing was cut",
        ),
    ],
)
def test_errors_stand_by_the_field_and_say_what_to_do(field, value, expected):
    form = report_form(**{field: value})

    found = errors(form)
    assert found == {field: [expected]}
    assert form[field].value() == value


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("07700 900123", "+447700900123"),
        ("020 7946 0991", "+442079460991"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+48 601 234 567", "+48601234567"),
    ],
)
def test_numbers_of_the_drama_range_and_of_other_countries(typed, kept):
    form = report_form(caller_phone=typed)

    assert form.is_valid()
    assert (form.report.caller.phone, form.people[0]["phone"]) == (kept, kept)


def test_emoji_and_line_ends():
    form = report_form(narrative="He hit me 😢\r\nand ran")

    assert form.is_valid()
    assert form.report.narrative == "He hit me 😢\nand ran"


def test_scores_what_is_valid_while_the_rest_is_half_typed():
    form = report_form(caller_phone="077", victim_age="8x", weapon="yes", grade="")
    form.full_clean()

    known = form.known()

    assert (known.narrative, known.answers) == (YESTERDAY, {"weapon": True})


def test_scores_the_first_20_000_of_too_many_characters():
    form = report_form(narrative="x" * 20_500)
    form.full_clean()

    assert form.known().narrative == "x" * 20_000


def test_date_of_birth_gives_the_age():
    form = report_form(victim_born="5/5/2010")

    assert form.is_valid()
    assert form.answers["victim_age"] == 16


# The clocks go forward on 29 March 2026 at 1am, back on 25 October 2026 at 2am.
SPRING = datetime(2026, 3, 29, 12, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 12, tzinfo=UTC)


def test_time_that_the_clocks_jumped_over():
    form = report_form(SPRING, happened_on="today", happened_at="01:30")

    assert errors(form) == {
        "happened_at": [
            "There was no 01:30 that night: the clocks went forward from 1am to 2am. Ask again,"
            " and enter a time before 1am or from 2am"
        ]
    }


def test_time_that_came_twice_asks_which():
    form = report_form(AUTUMN, happened_on="25/10/2026", happened_at="01:30")
    assert errors(form) == {
        "happened_which": ["It was 01:30 twice that night, as the clocks went back. Say which"]
    }

    ago = [
        report_form(AUTUMN, happened_on="25/10/2026", happened_at="01:30", happened_which=which)
        for which in ("first", "second")
    ]
    assert [form.is_valid() for form in ago] == [True, True]
    assert [form.answers["minutes_since_incident"] for form in ago] == [690, 630]
    assert ago[0].answers["happened_at"] == "2026-10-25T00:30:00+00:00"


def test_time_needs_its_day_and_is_not_in_the_future():
    assert errors(report_form(happened_at="14:30")) == {
        "happened_on": ["Enter the day too, like today or 27/3/2026"]
    }
    assert errors(report_form(happened_on="today", happened_at="23:00")) == {
        "happened_at": ["Enter a time that is not in the future"]
    }


@pytest.mark.parametrize(
    ("grade", "seen", "reason", "recommended", "expected"),
    [
        (3, 3, "", 3, {}),
        (1, 3, "", 3, {}),
        (3, 2, "in custody", 2, {}),
        (
            3,
            2,
            "",
            2,
            {"reason": ["Give a reason: grade 3 is less urgent than the recommended grade 2"]},
        ),
        (
            3,
            3,
            "in custody",
            1,
            {"grade": ["The recommendation rose to grade 1 with the last words. Decide again"]},
        ),
        (3, "", "", 3, {"grade": ["The recommendation is grade 3. Read why, then decide"]}),
    ],
)
def test_decision_fits_the_recommendation_that_was_seen(grade, seen, reason, recommended, expected):
    form = report_form(grade=str(grade), seen_grade=str(seen), reason=reason)
    form.is_valid()

    form.check_decision(recommended)

    assert errors(form) == expected


def test_again_begins_from_what_was_known_and_asks_the_time_afresh():
    assessment = factories.assessment(
        answers={"weapon": False, "injuries": "minor", "minutes_since_incident": 30, "history": {}}
    )

    start = ReassessForm.start(assessment)

    assert start == {
        "narrative": assessment.narrative,
        "after": 1,
        "weapon": "no",
        "injuries": "minor",
    }


# Safe contact

AGREED = {
    "contact": "as_below",
    "phone": "07700 900222",
    "sms": "safe",
    "phone_watched": "no",
    "when": "any",
    "wording": "neutral",
    "officer_name_safe": "no",
    "opening_word": "marmalade",
    "help_word": "cushion",
}


def plan_form(of=None, **data):
    return PlanForm({**AGREED, **data}, of=of or factories.contact())


def test_plan_as_it_is_kept():
    form = plan_form(
        when="windows",
        days_0=["0", "2"],
        from_0="9am",
        to_0="17:00",
        days_2=["5"],
        from_2="20:00",
        to_2="00:00",
    )

    assert errors(form) == {}
    assert form.agreed["windows"] == [
        {"days": [0, 2], "from": "09:00", "to": "17:00"},
        {"days": [5], "from": "20:00", "to": "24:00"},
    ]
    assert (form.agreed["phone"], form.agreed["channels"]) == ("+447700900222", {"sms": "safe"})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"phone": "", "sms": "safe"}, {"phone": ["Enter the number to text"]}),
        ({"when": ""}, {"when": ["Ask when it is safe to text"]}),
        (
            {"when": "windows"},
            {"when": ["Enter the days and times when it is safe, or choose any time"]},
        ),
        (
            {"when": "windows", "days_0": ["1"], "from_0": "09:00"},
            {"to_0": ["Enter a time like 09:00"]},
        ),
        ({"when": "windows", "from_0": "9am", "to_0": "10am"}, {"days_0": ["Choose the days"]}),
        (
            {"phone_watched": "yes"},
            {
                "sms": [
                    "A phone that somebody else can see is not safe to text. Agree another"
                    " number, or answer No"
                ]
            },
        ),
        (
            {"sms": "", "whatsapp": "safe", "messenger": "safe", "phone_watched": "yes"},
            {
                "whatsapp": [
                    "WhatsApp can be read on a phone that somebody else can see. Answer No"
                ],
                "messenger": [
                    "Messenger can be read on a phone that somebody else can see. Answer No"
                ],
            },
        ),
        ({"opening_word": ""}, {"opening_word": ["Agree a word that opens the link"]}),
        (
            {"help_word": "Marmalade"},
            {
                "opening_word": [
                    "The word that opens the link and the word for help must be different"
                ]
            },
        ),
        (
            {"opening_word": "Robin"},
            {"opening_word": ["Choose a word that someone at home would not guess"]},
        ),
    ],
)
def test_plan_errors(data, expected):
    assert errors(plan_form(**data)) == expected


def test_every_way_to_write_is_asked_and_what_is_unknown_stays_out():
    form = plan_form(whatsapp="unsafe", messenger="", email="safe", call="unsafe")
    contact = factories.contact()
    factories.plan(contact, channels={"whatsapp": "unsafe", "messenger": "safe", "call": "safe"})

    assert form.is_valid()
    assert form.agreed["channels"] == {
        "sms": "safe",
        "call": "unsafe",
        "whatsapp": "unsafe",
        "email": "safe",
    }
    ways = ("sms", "call", "whatsapp", "messenger", "email")
    shown = PlanForm(of=contact).initial
    assert [shown[name] for name in ways] == ["", "safe", "unsafe", "safe", ""]


def test_what_the_plan_form_did_not_ask_stays_as_it_was_agreed():
    """A page loaded before a way was asked about says nothing of it; "Not known" does."""
    contact = factories.contact()
    before = {"sms": "safe", "call": "unsafe", "whatsapp": "unsafe", "messenger": "unsafe"}
    factories.plan(contact, channels=before, note="Her sister said so", word="marmalade")
    form = plan_form(contact, opening_word="", sms="unsafe", messenger="")

    assert errors(form) == {}
    assert form.agreed["channels"] == {"sms": "unsafe", "call": "unsafe", "whatsapp": "unsafe"}
    assert form.agreed["note"] == "Her sister said so"


def test_plan_that_changed_under_the_form_is_not_overwritten():
    """They wrote STOP while the handler filled in the page: "safe" there is no answer to it."""
    contact = factories.contact()
    factories.plan(contact, word="marmalade")
    seen = PlanForm(of=contact)["seen"].value()
    plans.set_channel(contact, channel="sms", safety="unsafe", by=None, at=NOON)

    form = plan_form(contact, opening_word="", seen=seen)

    assert list(errors(form)) == ["contact", "sms"]
    # Looked at again, it may be kept.
    assert errors(plan_form(contact, opening_word="", seen=form["seen"].value())) == {}


def test_what_one_person_agreed_is_not_kept_for_another():
    """The victim was recorded while the handler asked the caller: the address is the report's."""
    seen = PlanForm(of=factories.contact())["seen"].value() or ""

    assert list(errors(plan_form(factories.contact(), seen=seen))) == ["contact"]
    # Nothing is sent to anybody by this, so it is never refused; the number stays with its owner.
    none = plan_form(factories.contact(), seen=seen, contact="no_contact")
    assert errors(none) == {}
    assert (none.agreed["phone"], none.agreed["opening_word"]) == (None, "")


def test_no_contact_needs_nothing_more():
    form = PlanForm(
        {"contact": "no_contact", "wording": "neutral", "officer_name_safe": "no"},
        of=factories.contact(),
    )

    assert errors(form) == {}
    assert (form.agreed["safe"], form.agreed["channels"]) == ("no_contact", {})


def test_agreed_word_is_kept_when_left_empty():
    contact = factories.contact()
    factories.plan(contact, word="marmalade")

    assert plan_form(contact, opening_word="").is_valid()
    assert errors(plan_form(contact, opening_word="", help_word="marmalade")) == {
        "help_word": ["Choose another word than the one that opens the link"]
    }
