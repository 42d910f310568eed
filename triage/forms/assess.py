"""The words, the answers and the decision: what every assessment is made of."""

from copy import deepcopy
from datetime import UTC, timedelta
from functools import lru_cache

from django import forms

from triage import thrive
from triage.assessing import SAID, Decision, Known
from triage.forms import fields
from triage.models import Channel, Grade
from victimcontact.lib import local_time

LONGEST_NARRATIVE = 20_000  # as many as the engine reads
LONGEST_SAID = 1_000  # below one question
REFUSED = (
    "Only a team leader or supervisor may dismiss “%s”: the grade or video depends on it. Ask one"
    " of them, or take the tick away; nothing you wrote is lost"
)
NOT_TYPED = {"csrfmiddlewaretoken", "draft", "version", "seen_grade", "after", "seen_at", "action"}

# Asked about every report, in this order; ``happened`` and the ages have fields of their own.
ANSWERS = (
    ("safe_to_talk", "Safe to talk now"),
    ("offender_present", "Suspect there now"),
    ("offender_nearby", "Suspect near or coming back"),
    ("weapon", "Weapon"),
    ("children_present", "Children there"),
    ("has_smartphone", "Smartphone with video"),
    ("has_data", "Mobile data or Wi-Fi"),
    ("wants_attendance", "Asks for an officer to come"),
    ("guardian_available", "Parent or guardian with them"),
)
INJURIES = (("none", "None"), ("minor", "Minor"), ("serious", "Serious"), fields.UNKNOWN)
HAPPENED = (
    ("", "Not known"),
    ("0", "Happening now"),
    ("30", "Within the last hour"),
    ("300", "Within the last day"),
    ("4320", "Within the last week"),
    ("20160", "Longer ago"),
)


def kept(post) -> dict:
    """What was typed in a posted form, as a draft keeps it: each field as a list of strings."""
    return {name: post.getlist(name) for name in sorted(post) if name not in NOT_TYPED}


class AssessForm(forms.Form):
    """The words, the answers, and what a person decides: for a first assessment or a later one.

    ``rules`` is the thrive.Policy in force, ``force`` gives the names of grades, ``at`` is now.
    ``known`` and ``decision`` are what the engine and the service take.
    """

    narrative = forms.CharField(
        label="What the caller says",
        max_length=LONGEST_NARRATIVE,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "true", "autocomplete": "off"}),
        error_messages={
            "required": "Write what the caller says",
            "max_length": "What the caller says must be 20,000 characters or fewer"
            " (%(show_value)d now). Shorten it: nothing was cut",
        },
    )
    injuries = forms.ChoiceField(
        label="Injuries", choices=INJURIES, required=False, initial="", widget=forms.RadioSelect
    )
    minutes_since_incident = forms.ChoiceField(
        label="When it happened", choices=HAPPENED, required=False
    )
    happened_on = fields.DateField(
        label="Day, if known",
        wrong="Enter a day like 27/3/2026, today or yesterday",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    happened_at = fields.TimeField(
        label="Time, if known", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    happened_which = forms.ChoiceField(
        label="Which of the two",
        required=False,
        choices=(("first", "The first, summer time"), ("second", "The second, winter time")),
        widget=forms.RadioSelect,
    )
    previous_reports_12m = forms.IntegerField(
        label="Reports in the last year",
        required=False,
        min_value=0,
        max_value=1000,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "Enter a number of reports, like 2"},
    )
    grade = forms.TypedChoiceField(
        label="Grade",
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Decide the grade"},
    )
    reason = fields.note("Reason for a less urgent grade")
    seen_grade = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, rules, force, at, **kwargs):
        super().__init__(*args, **kwargs)
        self.rules, self.force, self.at = rules, force, at
        self.today = local_time.local(at).date()
        for field in self.fields.values():
            if isinstance(field, fields.DateField):
                field.today = self.today
        shared, self.questions, self._dismissing = _shared(rules)
        self.asking = [name[4:] for name in shared if name.startswith("say_")]
        self.fields.update(shared)
        given = self.data if self.is_bound else self.initial
        for name in thrive.FLAGS:
            if f"dismiss_{name}" in given or f"dismiss_why_{name}" in given:
                self.fields.update(self._dismissing[name])
        self.fields["grade"].choices = [
            (grade.value, f"{grade.value} {force.grade_label(grade)}" if force else grade.label)
            for grade in Grade
        ]

    @property
    def answer_fields(self):
        """The yes-or-no answers, for a page."""
        return [self[name] for name, _ in ANSWERS if name in self.fields]

    @property
    def answer_lines(self):
        """(key, its answer, its line of free text) of what is asked about every report."""
        keys = [name for name, _ in ANSWERS if name in self.fields]
        return [(key, self[key], self.line(key)) for key in (*keys, "injuries")]

    @property
    def asked_lines(self):
        """Likewise of the policy's other questions, where anything was answered: to be changed.

        The answer is None where it has a place of its own on the page.
        """
        found, stand = [], {*dict(ANSWERS), "injuries"}
        for key, (name, _) in self.questions.items():
            if key in stand:
                continue
            answer = self[name] if name.startswith("ask_") else None
            if self.line(key).value() or (answer and _first(answer.value())):
                found.append((key, answer, self.line(key)))
        return found

    def line(self, key):
        """The field of what was said in answer to a question, word for word."""
        return self[f"say_{key}"]

    @property
    def rationale_fields(self):
        return [self[f"rationale_{name}"] for name in thrive.ELEMENTS]

    def dismissing(self, name):
        """The field of the reason why that flag is not so, for a page.

        A form has those of all flags that were typed into; the others are made when asked for.
        """
        why = f"dismiss_why_{name}"
        if why not in self.fields:
            self.fields.update(self._dismissing[name])
        return self[why]

    def option(self, key, value):
        """(field name, posted value) that gives a question of the policy this answer."""
        return self.questions[key][0], fields.as_posted(value)

    def clean_narrative(self):
        return self.cleaned_data["narrative"].replace("\r\n", "\n")

    def clean(self):
        data = super().clean()
        try:
            data["happened"] = self._happened(data)
        except forms.ValidationError as error:
            data["happened"] = None
            self.add_error(error.params["field"], error.message)
        if data.get("narrative"):
            over = len(thrive.spoken(data["narrative"], self.said)) - LONGEST_NARRATIVE
            if over > 0:
                self.add_error(
                    "narrative",
                    "What the caller says and the words below the questions must be 20,000"
                    f" characters or fewer together ({over:,} too many). Shorten them: nothing was"
                    " cut",
                )
        return data

    def _happened(self, data):
        """The moment it happened, or None; London's clock may show a time twice or never."""
        day, time = data.get("happened_on"), data.get("happened_at")
        if day is None or time is None:
            if time is not None and "happened_on" not in self.errors:
                raise _wrong("happened_on", "Enter the day too, like today or 27/3/2026")
            return None
        found = local_time.instants(day, time)
        if not found:
            raise _wrong(
                "happened_at",
                f"There was no {time:%H:%M} that night: the clocks went forward from 1am to 2am."
                " Ask again, and enter a time before 1am or from 2am",
            )
        which = data.get("happened_which")
        if len(found) == 2 and not which:
            raise _wrong(
                "happened_which",
                f"It was {time:%H:%M} twice that night, as the clocks went back. Say which",
            )
        moment = found[-1] if which == "second" else found[0]
        if moment > self.at + timedelta(minutes=1):
            raise _wrong("happened_at", "Enter a time that is not in the future")
        return moment

    # What the service takes

    @property
    def answers(self) -> dict:
        """Answers so far, by the engine's keys; what is not known is left out."""
        data, found = self.cleaned_data, {}
        for name, _ in ANSWERS:
            if data.get(name):
                found[name] = data[name] == "yes"
        if data.get("injuries"):
            found["injuries"] = data["injuries"]
        for key in ("victim_age", "caller_age", "previous_reports_12m"):
            if data.get(key) is not None:
                found[key] = data[key]
        if data.get("minutes_since_incident"):
            found["minutes_since_incident"] = int(data["minutes_since_incident"])
        if data.get("happened"):
            ago = self.at - data["happened"]
            found["minutes_since_incident"] = max(0, int(ago.total_seconds() // 60))
            found["happened_at"] = data["happened"].astimezone(UTC).isoformat()
        for key, (name, options) in self.questions.items():
            if name.startswith("ask_") and data.get(name):
                found[key] = next(value for posted, _, value in options if posted == data[name])
        if self.said:
            found[SAID] = self.said
        return found

    @property
    def said(self) -> dict:
        """{question: the caller's words below it} so far, valid or not."""
        found = {}
        for key in self.asking:
            words = self.cleaned_data.get(f"say_{key}")
            if words is None:
                words = " ".join(str(self.data.get(f"say_{key}", "")).split())
            if words:
                found[key] = words[:LONGEST_NARRATIVE]
        return found

    def known(self, history=None, channel=None) -> Known:
        """What the engine is told, of whatever is valid so far."""
        return Known(
            channel=channel or self.cleaned_data.get("channel") or Channel.NON_EMERGENCY,
            narrative=self._narrative_so_far(),
            answers=self.answers,
            history=history,
        )

    def _narrative_so_far(self):
        text = self.cleaned_data.get("narrative")
        if text is None:
            text = str(self.data.get("narrative", "")).replace("\r\n", "\n").strip()
        return text[:LONGEST_NARRATIVE]

    @property
    def dismissals(self) -> dict:
        """{flag: reason} of the flags that are ticked as not so; a reason may still be missing."""
        data = self.cleaned_data
        return {
            name: data.get(f"dismiss_why_{name}", "")
            for name in thrive.FLAGS
            if data.get(f"dismiss_{name}")
        }

    @property
    def decision(self) -> Decision:
        data = self.cleaned_data
        return Decision(
            grade=data["grade"],
            reason=data["reason"],
            rationales={name: data[f"rationale_{name}"] for name in thrive.ELEMENTS},
            dismissed=self.dismissals,
        )

    def check_dismissals(self, *, unexplained=(), refused=()):
        """Add an error at each flag that is dismissed without a reason, or not by this person."""
        for name in unexplained:
            self.add_error(
                f"dismiss_why_{name}", f"Give the reason why “{thrive.FLAGS[name]}” is not so"
            )
        for name in refused:
            self.add_error(f"dismiss_why_{name}", REFUSED % thrive.FLAGS[name])

    def check_decision(self, recommended: int, standing: int | None = None):
        """Add an error where the decision does not fit the engine's ``recommended`` grade.

        ``standing`` is the grade of an incident that is assessed again.
        """
        grade, seen = self.cleaned_data.get("grade"), self.cleaned_data.get("seen_grade")
        if grade is None:
            return
        if seen is None or recommended < seen:
            say = "The recommendation is grade %d. Read why, then decide"
            if seen is not None:
                say = "The recommendation rose to grade %d with the last words. Decide again"
            self.add_error("grade", say % recommended)
        elif not self.cleaned_data.get("reason"):
            if grade > recommended:
                self.add_error(
                    "reason",
                    f"Give a reason: grade {grade} is less urgent than the recommended"
                    f" grade {recommended}",
                )
            elif standing is not None and grade > standing:
                self.add_error(
                    "reason", f"Give a reason: grade {grade} is less urgent than {standing} now"
                )


@fields.sharing("grade")
class ReassessForm(AssessForm):
    """An incident is assessed again: the same questions, begun from what was known."""

    victim_age = fields.age("Victim's age")
    caller_age = fields.age("Caller's age")
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)  # of this page

    @staticmethod
    def start(assessment) -> dict:
        """Initial values: the words and answers of the assessment that stands."""
        start = {"narrative": assessment.narrative, "after": assessment.number}
        for key, value in assessment.answers.items():
            if key in ("history", "happened_at", "minutes_since_incident"):
                continue  # time has passed: asked afresh
            if key == SAID:
                start |= {f"say_{asked}": words for asked, words in value.items()}
                continue
            start[key if key in thrive.STRUCTURED else f"ask_{key}"] = fields.as_posted(value)
        for name, reason in assessment.dismissed.items():
            start[f"dismiss_why_{name}"] = reason  # not ticked: the words are heard afresh
        return start


def _first(value):
    return value[0] if isinstance(value, list) and value else value


def _wrong(field, message):
    return forms.ValidationError(message, params={"field": field})


@lru_cache(maxsize=4)
def _shared(rules):
    """What every form under ``rules`` has in common, as three dicts.

    Field by name; (field name, options) by question's key; the fields that dismiss it by flag.

    Made once, since a report is scored at every pause in typing: no form may change one of these.
    """
    found = {name: fields.yes_no(label) for name, label in ANSWERS}
    for name, label in thrive.ELEMENTS.items():
        found[f"rationale_{name}"] = fields.note(label)
    dismissing = {
        name: {
            f"dismiss_{name}": forms.BooleanField(label=f"Dismiss “{label}”", required=False),
            f"dismiss_why_{name}": fields.line("Why it is not so"),
        }
        for name, label in thrive.FLAGS.items()
    }
    questions = {}
    for question in rules.questions:
        name = question.key if question.key in thrive.STRUCTURED else f"ask_{question.key}"
        options = [(fields.as_posted(o["value"]), o["label"], o["value"]) for o in question.options]
        questions[question.key] = (name, options)
        if name not in ("victim_age", "caller_age", "previous_reports_12m"):
            choices = [(posted, label) for posted, label, _ in options]
            found[name] = _question_field(found.get(name), name, question.text, choices)
    texts = {"injuries": "Injuries", **dict(ANSWERS)}
    texts |= {question.key: question.text for question in rules.questions}
    for key, text in texts.items():
        found[f"say_{key}"] = fields.line(f"In their words: {text}", max_length=LONGEST_SAID)
    return found, questions, dismissing


def _question_field(own, name, text, choices):
    """The field a question is answered in; one that stands on every form keeps its own."""
    if own is None and name in AssessForm.base_fields:
        own = deepcopy(AssessForm.base_fields[name])
    if own is None:
        return forms.ChoiceField(
            label=text,
            choices=[*choices, fields.UNKNOWN],
            required=False,
            initial="",
            widget=forms.RadioSelect,
        )
    known = {str(value) for value, _ in own.choices}
    own.choices = [*own.choices, *(choice for choice in choices if choice[0] not in known)]
    return own
