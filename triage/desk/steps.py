"""Which pages an online report has, in which order, and what becomes of their answers."""

from dataclasses import dataclass

from django.forms import MultipleChoiceField
from django.http import QueryDict
from django.utils import translation

from triage import intake
from triage.desk import forms
from triage.models import Channel, Grade
from victimcontact.people.models import ContactPlan

CHECK = "check"


def _adult(answers, step):
    age = _first(answers, step, "age")
    return not (age.isdecimal() and int(age) < 18)


@dataclass(frozen=True)
class Step:
    """A page: its form, and for whose answers it is asked at all."""

    name: str
    form: type
    applies: object = None
    in_danger: bool = False  # asked even of somebody in danger, who has no time for the rest

    def is_asked(self, answers) -> bool:
        return self.concerns(answers) and not self.is_spared(answers)

    def concerns(self, answers) -> bool:
        """Whether it is a question for them at all."""
        return self.applies is None or self.applies(answers)

    def is_spared(self, answers) -> bool:
        """Whether it is left out because they are in danger."""
        return _first(answers, "danger", "danger") == "yes" and not self.in_danger


STEPS = (
    Step("danger", forms.DangerForm, in_danger=True),
    Step(
        "ring",
        forms.RingForm,
        lambda a: _first(a, "danger", "danger") in ("yes", "unknown"),
        in_danger=True,
    ),
    Step("device", forms.DeviceForm),
    Step("about", forms.AboutForm),
    Step("what", forms.WhatForm, in_danger=True),
    Step("when", forms.WhenForm),
    Step("where", forms.WhereForm, in_danger=True),
    Step("person", forms.PersonForm, in_danger=True),
    Step("harm", forms.HarmForm),
    Step("them", forms.ThemForm, lambda a: _first(a, "about", "about") == "other"),
    Step("you", forms.YouForm),
    Step(
        "guardian",
        forms.GuardianForm,
        lambda a: not _adult(a, "them" if _first(a, "about", "about") == "other" else "you"),
    ),
    Step("contact", forms.ContactForm, in_danger=True),
    Step("times", forms.TimesForm, lambda a: _first(a, "contact", "wish") == "ways"),
    Step("talk", forms.TalkForm),
    Step("needs", forms.NeedsForm),
)
BY_NAME = {step.name: step for step in STEPS}
FIRST = STEPS[0].name
# The grade that the answer to the first question asks for, whatever else is said.
AT_LEAST = {"yes": Grade.IMMEDIATE, "unknown": Grade.PRIORITY}


def at_least_as_told(told) -> Grade | None:
    """The grade that the answer about danger asks for, of what ``Whole.told_in_english`` kept."""
    with translation.override("en-gb"):
        asked = str(forms.DangerForm.base_fields["danger"].label)
        values = {str(label): value for value, label in forms.DANGER}
        said = next((answer for question, answer in told if question == asked), None)
    return AT_LEAST.get(values.get(said))


def may_be_in_danger(answers) -> bool:
    """Whether the writer said that somebody is in danger now, or was not sure."""
    return _first(answers, "danger", "danger") in AT_LEAST


def asked(answers) -> list[Step]:
    """The pages for somebody who answered so far as ``answers`` say."""
    return [step for step in STEPS if step.is_asked(answers)]


def after(name: str, answers) -> str:
    """The page to show once ``name`` was answered: the next not answered yet, else the check.

    Whoever came back from the check to change one answer is led back there.
    """
    names = [step.name for step in asked(answers)]
    later = names[names.index(name) + 1 :] if name in names else names
    waiting = [each for each in names if each not in answers]
    return next((each for each in later if each in waiting), waiting[0] if waiting else CHECK)


def before(name: str, answers) -> str:
    """The page before ``name``; the first page for the first."""
    names = [step.name for step in asked(answers)]
    if name not in names:
        return names[-1]
    return names[max(0, names.index(name) - 1)]


def form_of(name: str, at, typed=None, bound=True):
    """The form of the page ``name`` with what was typed: {field: [text, …]}."""
    form = BY_NAME[name].form
    if not bound:
        initial = {
            field: values if _takes_many(form, field) else (values[0] if values else "")
            for field, values in (typed or {}).items()
        }
        return form(at=at, initial=initial)
    return form(_data(typed or {}), at=at)


def _takes_many(form, field):
    return isinstance(form.base_fields.get(field), MultipleChoiceField)


def _data(typed):
    data = QueryDict(mutable=True)
    for field, values in typed.items():
        data.setlist(field, values)
    return data


def _first(answers, step, field):
    values = answers.get(step, {}).get(field) or [""]
    return values[0].strip()


class Whole:
    """Everything answered, page by page. ``wrong`` names the first page that is not right, or None.

    The properties below it are for a report without a wrong page.
    """

    def __init__(self, answers, at):
        self.answers, self.at = answers, at
        self.forms, self.wrong = {}, None
        for step in STEPS:
            if not step.concerns(answers):
                continue
            is_spared, is_answered = step.is_spared(answers), step.name in answers
            if is_spared and not is_answered:
                continue
            form = form_of(step.name, at, answers.get(step.name, {}))
            is_right = is_answered and form.is_valid()
            # What they said before they were in danger counts, but never holds them up.
            if is_right or not is_spared:
                self.forms[step.name] = form
            if not is_right and not is_spared and self.wrong is None:
                self.wrong = step.name

    came_by = "online report"

    def _get(self, step, field, empty=""):
        form = self.forms.get(step)
        value = form.cleaned_data.get(field) if form else None
        return empty if value is None else value

    @property
    def told(self) -> list:
        """[(page, [(question, answer), …])], as the person reads them."""
        return [(name, form.told) for name, form in self.forms.items() if form.fields]

    @property
    def told_in_english(self) -> list:
        with translation.override("en-gb"):
            return [[str(q), str(a)] for _, lines in self.told for q, a in lines]

    @property
    def is_other(self) -> bool:
        return self._get("about", "about") == "other"

    @property
    def phones(self) -> list:
        return [number for number in [self._get("contact", "number")] if number]

    @property
    def place(self) -> str:
        return self._get("where", "place")

    @property
    def at_least(self):
        """(grade, why) that the answer to the first question asks for, or (None, "")."""
        danger = self._get("danger", "danger")
        return AT_LEAST.get(danger), {
            "yes": "Its writer answered that somebody is in danger now.",
            "unknown": "Its writer was not sure whether somebody is in danger now.",
        }.get(danger, "")

    @property
    def facts(self) -> dict:
        """Answers by the engine's keys; what was not said is left out."""
        yes = {"yes": True, "no": False}
        found = {
            "weapon": yes.get(self._get("harm", "weapon")),
            "children_present": yes.get(self._get("harm", "children")),
            "guardian_available": yes.get(self._get("guardian", "guardian")),
            "has_smartphone": yes.get(self._get("talk", "smartphone")),
            "has_data": yes.get(self._get("talk", "data")),
            "wants_attendance": yes.get(self._get("talk", "attendance")),
            "caller_age": self._get("you", "age", None),
            "victim_age": self._get("them" if self.is_other else "you", "age", None),
        }
        where = self._get("person", "now_at")
        if where in ("here", "near", "away"):
            found["offender_present"] = where == "here"
            found["offender_nearby"] = where == "near"
        injuries = self._get("harm", "injuries")
        if injuries in ("none", "minor", "serious"):
            found["injuries"] = injuries
        when = self.forms.get("when")
        if when is not None:
            found["minutes_since_incident"] = when.minutes_since
            found["happened_at"] = when.moment or None
        return {key: value for key, value in found.items() if value is not None}

    def report(self, *, language, history) -> intake.NewReport:
        """What the intake takes."""
        writer = {
            "name": self._get("you", "name"),
            "phone": self._get("contact", "number"),
            "email": self._get("contact", "email"),
            "language": language,
            "needs": {
                key: text
                for key, text in (
                    ("interpreter", self._get("needs", "interpreter")),
                    ("note", self._get("needs", "needs")),
                )
                if text
            },
        }
        return intake.NewReport(
            channel=Channel.ONLINE,
            narrative=self.narrative,
            caller=intake.Person(**writer),
            victim=intake.Person(name=self._get("them", "name")) if self.is_other else None,
            location=self.place,
            safety_note=self.safety_note,
            suspect=self._get("person", "looks"),
            answers=self.facts,
            history=history,
        )

    @property
    def narrative(self) -> str:
        """Their account, then whatever else they wrote in their own words, for all of it counts.

        What would make it longer than is read at once stands with the answers alone.
        """
        words = self._get("what", "account")
        for step, field in (("person", "looks"), ("times", "answers"), ("needs", "needs")):
            more = self._get(step, field)
            if more and len(words) + len(more) + 2 <= forms.LONGEST_ACCOUNT:
                words = f"{words}\n\n{more}"
        return words

    @property
    def watched(self) -> str:
        return self._get("device", "watched")

    @property
    def safety_note(self) -> str:
        lines = []
        if self.watched == "yes":
            lines.append("Somebody they are afraid of could see the device they wrote on.")
        elif self.watched == "unknown":
            lines.append("They do not know if somebody could see the device they wrote on.")
        if said := self._get("times", "answers"):
            lines.append(f"Before ringing: {said}")
        return "\n".join(lines)

    @property
    def plan(self) -> dict | None:
        """What ``people.plans.set_plan`` takes, or None where they said nothing of it.

        Without a plan everything is held; and a text to a phone that is watched is not safe,
        whatever was ticked.
        """
        wish = self._get("contact", "wish")
        note = "As they wrote it in the online report. Nobody has spoken to them about it yet."
        if wish == "none":
            return {"safe": ContactPlan.Safe.NO_CONTACT, "note": note}
        if wish != "ways":
            return None
        ways = set(self._get("contact", "ways", []))
        channels = {way: "safe" if way in ways else "unsafe" for way in ("sms", "email", "call")}
        if self.watched != "no":
            channels["sms"] = "unsafe"
        return {
            "channels": channels,
            "windows": self._get("times", "windows", []),
            "phone_watched": self.watched != "no",
            "who_may_answer": self._get("times", "answers"),
            "note": note,
        }


class Unsent(Whole):
    """What there is of a report whose writer did not send it: nothing is asked of it to be right.

    An answer that was not right stands as it was typed, and answers no question of the engine's.
    """

    came_by = "online report, not sent"

    def __init__(self, answers, at):
        super().__init__(answers, at)
        self.forms = {
            name: form for name, form in self.forms.items() if name in answers and form.is_valid()
        }
        # What was typed on pages that were not right.
        self.left = [
            each
            for step in STEPS
            if step.name in answers and step.name not in self.forms
            for each in _typed(step, answers)
        ]

    @property
    def has_words(self) -> bool:
        """Whether there is anything in it but ticks."""
        return any(_typed(step, self.answers) for step in STEPS)

    @property
    def told_in_english(self) -> list:
        with translation.override("en-gb"):
            left = [[str(each.question), each.text] for each in self.left]
        return super().told_in_english + left

    @property
    def narrative(self) -> str:
        left = [each.text for each in self.left if each.is_account]
        words = "\n\n".join([super().narrative, *left]).strip()
        return words[: forms.LONGEST_ACCOUNT] or "Nothing was written of what happened."

    @property
    def plan(self) -> dict:
        """Only the ways that they said are safe; where they said none, no contact at all."""
        plan = super().plan
        if plan is not None:
            note = "As they wrote it in an online report that they did not send."
            return plan | {"note": f"{note} Nobody has spoken to them about it yet."}
        note = "They did not send their online report, and did not say how we may reach them."
        return {"safe": ContactPlan.Safe.NO_CONTACT, "note": note}


@dataclass(frozen=True)
class Typed:
    """Something that was written, not ticked. ``is_account``: in as many lines as they liked."""

    question: str
    text: str
    is_account: bool


def _typed(step, answers):
    found = []
    for name, field in step.form.base_fields.items():
        text = " ".join(answers.get(step.name, {}).get(name, [])).strip()
        if text and isinstance(field, forms.WordsField):
            found.append(Typed(field.label, text, is_account=bool(field.rows)))
    return found
