"""What call handlers type, made clean. Nothing here saves.

A report is scored while it is half typed: whatever is valid so far is used, and errors are shown
only when it is recorded.
"""

from datetime import UTC, timedelta

from django import forms

from triage import crime_types, offers, thrive, typed
from triage.assessing import Decision, Known
from triage.intake import NewReport, Person
from triage.models import Channel, Grade, Response
from victimcontact.lib import local_time, phone
from victimcontact.people import words
from victimcontact.people.models import ContactPlan
from victimcontact.people.safe_contact import Window

LONGEST_NARRATIVE = 20_000  # as many as the engine reads
LONGEST_LINE = 200
LONGEST_NOTE = 2_000
UNKNOWN = ("", "Not known")
YES_NO = (("yes", "Yes"), ("no", "No"), UNKNOWN)
REFUSED = (
    "Only a team leader or supervisor may dismiss “%s”: the grade or video depends on it. Ask one"
    " of them, or take the tick away; nothing you wrote is lost"
)
NOT_TYPED = {"csrfmiddlewaretoken", "draft", "version", "seen_grade", "after", "action"}

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
INJURIES = (("none", "None"), ("minor", "Minor"), ("serious", "Serious"), UNKNOWN)
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


class PhoneField(forms.CharField):
    """A telephone number as E.164, or an empty string."""

    def __init__(self, **kwargs):
        widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
        said = {"max_length": phone.EXAMPLE}
        super().__init__(
            required=False, max_length=40, widget=widget, error_messages=said, **kwargs
        )

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return ""
        try:
            return phone.parse(text)
        except phone.PhoneError as error:
            raise forms.ValidationError(str(error)) from None


class DateField(forms.CharField):
    """A date as people type it, or None. ``today`` is set by the form."""

    def __init__(self, *, wrong, **kwargs):
        super().__init__(
            required=False, max_length=20, error_messages={"max_length": wrong}, **kwargs
        )
        self.wrong, self.today = wrong, None

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            found = typed.read_date(text, today=self.today)
        except (ValueError, OverflowError):
            raise forms.ValidationError(self.wrong) from None
        if found > self.today:
            raise forms.ValidationError("Enter a date that is not in the future")
        return found


class TimeField(forms.CharField):
    """A time of day as people type it, or None."""

    def __init__(self, **kwargs):
        said = {"max_length": "Enter a time like 14:30 or 2:30pm"}
        super().__init__(required=False, max_length=10, error_messages=said, **kwargs)

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            return typed.read_time(text)
        except ValueError:
            raise forms.ValidationError("Enter a time like 14:30 or 2:30pm") from None


def _line(label, **kwargs):
    limit = kwargs.pop("max_length", LONGEST_LINE)
    kwargs.setdefault("required", False)
    kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off"}))
    return forms.CharField(
        label=label,
        max_length=limit,
        error_messages={
            "max_length": f"{label} must be {limit:,} characters or fewer. Shorten it:"
            " nothing was cut"
        },
        **kwargs,
    )


def _note(label, **kwargs):
    rows = kwargs.pop("rows", 2)
    kwargs.setdefault("max_length", LONGEST_NOTE)
    return _line(label, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


def _yes_no(label):
    return forms.ChoiceField(
        label=label, choices=YES_NO, required=False, initial="", widget=forms.RadioSelect
    )


def _age(label):
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=120,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": "Enter an age in years, like 42",
            "min_value": "Enter an age from 0 to 120",
            "max_value": "Enter an age from 0 to 120",
        },
    )


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
    happened_on = DateField(
        label="Day, if known",
        wrong="Enter a day like 27/3/2026, today or yesterday",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    happened_at = TimeField(
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
    reason = _note("Reason for a less urgent grade")
    seen_grade = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, rules, force, at, **kwargs):
        super().__init__(*args, **kwargs)
        self.rules, self.force, self.at = rules, force, at
        self.today = local_time.local(at).date()
        for field in self.fields.values():
            if isinstance(field, DateField):
                field.today = self.today
        for name, label in ANSWERS:
            self.fields[name] = _yes_no(label)
        for name, label in thrive.ELEMENTS.items():
            self.fields[f"rationale_{name}"] = _note(label)
        for name, label in thrive.FLAGS.items():
            self.fields[f"dismiss_{name}"] = forms.BooleanField(
                label=f"Dismiss “{label}”", required=False
            )
            self.fields[f"dismiss_why_{name}"] = _line("Why it is not so")
        self.fields["grade"].choices = [
            (grade.value, f"{grade.value} {force.grade_label(grade)}" if force else grade.label)
            for grade in Grade
        ]
        self._add_questions()

    def _add_questions(self):
        """A field for each question of the policy; those with a field already keep it."""
        self.questions = {}
        for question in self.rules.questions:
            name = question.key if question.key in thrive.STRUCTURED else f"ask_{question.key}"
            options = [(_as_posted(o["value"]), o["label"], o["value"]) for o in question.options]
            self.questions[question.key] = (name, options)
            if name in ("victim_age", "caller_age") or name == "previous_reports_12m":
                continue
            choices = [(posted, label) for posted, label, _ in options]
            if name in self.fields:
                field = self.fields[name]
                known = {str(value) for value, _ in field.choices}
                field.choices = [
                    *field.choices,
                    *(choice for choice in choices if choice[0] not in known),
                ]
            else:
                self.fields[name] = forms.ChoiceField(
                    label=question.text,
                    choices=[*choices, UNKNOWN],
                    required=False,
                    initial="",
                    widget=forms.RadioSelect,
                )

    @property
    def answer_fields(self):
        """The yes-or-no answers, for a page."""
        return [self[name] for name, _ in ANSWERS if name in self.fields]

    @property
    def asked_fields(self):
        """The policy's own questions that have been answered, so that they can be changed."""
        own = [self[name] for name in self.fields if name.startswith("ask_")]
        return [field for field in own if _first(field.value())]

    @property
    def rationale_fields(self):
        return [self[f"rationale_{name}"] for name in thrive.ELEMENTS]

    def option(self, key, value):
        """(field name, posted value) that gives a question of the policy this answer."""
        return self.questions[key][0], _as_posted(value)

    def clean_narrative(self):
        return self.cleaned_data["narrative"].replace("\r\n", "\n")

    def clean(self):
        data = super().clean()
        try:
            data["happened"] = self._happened(data)
        except forms.ValidationError as error:
            data["happened"] = None
            self.add_error(error.params["field"], error.message)
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


class ReportForm(AssessForm):
    """A new report."""

    force_choice = forms.ChoiceField(label="Force", required=False)
    channel = forms.ChoiceField(
        label="Came in by", choices=Channel, initial=Channel.EMERGENCY, widget=forms.RadioSelect
    )
    about = forms.ChoiceField(
        label="The victim is",
        choices=(("self", "The caller"), ("other", "Somebody else")),
        initial="self",
        widget=forms.RadioSelect,
    )
    caller_name = _line("Caller's name")
    caller_phone = PhoneField(label="Caller's number")
    caller_age = _age("Caller's age")
    caller_contact = forms.UUIDField(required=False)
    victim_name = _line("Victim's name")
    victim_phone = PhoneField(label="Victim's number")
    victim_contact = forms.UUIDField(required=False)
    victim_age = _age("Victim's age")
    victim_born = DateField(
        label="Or date of birth",
        wrong="Enter a date of birth like 27/3/1985",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    victim_email = forms.EmailField(
        label="E-mail",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
        max_length=LONGEST_LINE,
        error_messages={
            "invalid": "Enter an e-mail address like name@example.com",
            "max_length": f"E-mail must be {LONGEST_LINE} characters or fewer",
        },
    )
    victim_address = _note("Home address", max_length=500)
    language = forms.ChoiceField(label="Texts in", required=False)
    interpreter = _line("Interpreter for")
    needs = _note("Needs and adaptations")
    location = _note("Where it happened", max_length=500)
    suspect = _note("Person suspected, as described")
    safety_note = _note("Safety note for whoever goes or calls")
    crime_type = forms.ChoiceField(label="Looks like", required=False)

    LANGUAGES = {"en-gb": "English", "cy": "Welsh"}

    def __init__(self, *args, forces, **kwargs):
        self.forces = {str(force.pk): force for force in forces}
        super().__init__(*args, **kwargs)
        self.fields["force_choice"].choices = [(k, f.name) for k, f in self.forces.items()]
        self.fields["language"].choices = [
            (code, self.LANGUAGES.get(code, code)) for code in self.force.languages
        ]
        self.fields["crime_type"].choices = [("", "Not said yet"), *crime_types.choices()]

    @property
    def chosen_force(self):
        """The force that this report is for: the one chosen, else the first the handler serves."""
        return self.forces.get(self.cleaned_data.get("force_choice")) or self.force

    @property
    def phones(self) -> list[str]:
        """The numbers that are valid so far, as E.164."""
        data = self.cleaned_data
        return [data[n] for n in ("caller_phone", "victim_phone") if data.get(n)]

    def clean(self):
        data = super().clean()
        born = data.get("victim_born")
        if born:
            age = typed.age_on(born, self.today)
            if age > 120:
                self.add_error("victim_born", "Enter a date of birth in the last 120 years")
            else:
                data["victim_age"] = age
        if data.get("about") == "self":
            data["caller_age"] = data.get("victim_age")
        return data

    @property
    def report(self) -> NewReport:
        """The whole report, clean. Only for a valid form."""
        data = self.cleaned_data
        of_victim = {
            "email": data["victim_email"],
            "address": data["victim_address"],
            "date_of_birth": data["victim_born"],
            "language": data["language"],
            "needs": {
                key: text
                for key, text in (("interpreter", data["interpreter"]), ("note", data["needs"]))
                if text
            },
        }
        of_caller = {
            "name": data["caller_name"],
            "phone": data["caller_phone"],
            "contact_id": data["caller_contact"],
        }
        if data["about"] == "self":
            caller, victim = Person(**of_caller, **of_victim), None
        else:
            caller = Person(**of_caller)
            victim = Person(
                name=data["victim_name"],
                phone=data["victim_phone"],
                contact_id=data["victim_contact"],
                **of_victim,
            )
        return NewReport(
            channel=data["channel"],
            narrative=data["narrative"],
            caller=caller,
            victim=victim,
            location=data["location"],
            safety_note=data["safety_note"],
            suspect=data["suspect"],
            crime_type=data["crime_type"],
            answers=self.answers,
        )


class ReassessForm(AssessForm):
    """An incident is assessed again: the same questions, begun from what was known."""

    victim_age = _age("Victim's age")
    caller_age = _age("Caller's age")
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @staticmethod
    def start(assessment) -> dict:
        """Initial values: the words and answers of the assessment that stands."""
        start = {"narrative": assessment.narrative, "after": assessment.number}
        for key, value in assessment.answers.items():
            if key in ("history", "happened_at", "minutes_since_incident"):
                continue  # time has passed: asked afresh
            start[key if key in thrive.STRUCTURED else f"ask_{key}"] = _as_posted(value)
        for name, reason in assessment.dismissed.items():
            start[f"dismiss_why_{name}"] = reason  # not ticked: the words are heard afresh
        return start


class OfferForm(forms.Form):
    """What the victim chose of what was read to them."""

    chosen = forms.ChoiceField(
        label="What they chose",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Record what they chose",
            "invalid_choice": "That cannot be offered for this incident any more. Read them the"
            " choice again",
        },
    )

    def __init__(self, *args, assessment, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["chosen"].choices = [
            (option, Response(option).label) for option in offers.options(assessment)
        ]


DAYS = tuple(enumerate("Mon Tue Wed Thu Fri Sat Sun".split()))
WINDOWS = 3


class PlanForm(forms.Form):
    """How, when and in what words a person may be reached."""

    contact = forms.ChoiceField(
        label="May we contact them?",
        choices=(
            (ContactPlan.Safe.AS_BELOW, "Only as set out below"),
            (ContactPlan.Safe.NO_CONTACT, "No contact at all: send nothing"),
        ),
        initial=ContactPlan.Safe.AS_BELOW,
        widget=forms.RadioSelect,
    )
    phone = PhoneField(label="Mobile number for texts")
    sms = forms.ChoiceField(
        label="Is it safe to send a text to this phone?",
        choices=(("safe", "Yes"), ("unsafe", "No"), UNKNOWN),
        required=False,
        initial="",
        widget=forms.RadioSelect,
    )
    email = forms.ChoiceField(
        label="Is it safe to send an e-mail?",
        choices=(("safe", "Yes"), ("unsafe", "No"), UNKNOWN),
        required=False,
        initial="",
        widget=forms.RadioSelect,
    )
    phone_watched = forms.ChoiceField(
        label="Could somebody else see this phone or what is on it?",
        choices=(("yes", "Yes"), ("no", "No")),
        widget=forms.RadioSelect,
        error_messages={"required": "Ask whether somebody else could see the phone"},
    )
    when = forms.ChoiceField(
        label="When is it safe to text?",
        choices=(("any", "At any time"), ("windows", "Only at these times")),
        widget=forms.RadioSelect,
        error_messages={"required": "Ask when it is safe to text"},
    )
    wording = forms.ChoiceField(
        label="May a text say that it is from the police?",
        choices=((ContactPlan.Wording.NEUTRAL, "No"), (ContactPlan.Wording.NAMED, "Yes")),
        initial=ContactPlan.Wording.NEUTRAL,
        widget=forms.RadioSelect,
    )
    officer_name_safe = forms.ChoiceField(
        label="May the officer's name be shown?",
        choices=(("no", "No"), ("yes", "Yes")),
        initial="no",
        widget=forms.RadioSelect,
    )
    opening_word = _line("Word that opens the link", max_length=words.LONGEST)
    help_word = _line("Another word, that means help", max_length=words.LONGEST)
    who_may_answer = _line("Who may answer the phone")
    cover_story = _note("If somebody else answers, say")
    do_not_say = _note("Never say")

    def __init__(self, *args, of, **kwargs):
        self.of, self.before = of, of.plan
        kwargs.setdefault("initial", self._start())
        super().__init__(*args, **kwargs)
        for number in range(WINDOWS):
            self.fields[f"days_{number}"] = forms.TypedMultipleChoiceField(
                label="Days",
                choices=DAYS,
                coerce=int,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
            for name, label in (("from", "From"), ("to", "To")):
                self.fields[f"{name}_{number}"] = TimeField(
                    label=label, widget=forms.TextInput(attrs={"autocomplete": "off"})
                )

    def _start(self):
        start = {"phone": phone.display(self.of.phone) if self.of.phone else ""}
        plan = self.before
        if plan is None:
            return start
        yes_no = {True: "yes", False: "no"}
        start |= {
            "contact": plan.safe if plan.safe != ContactPlan.Safe.NOT_ASKED else None,
            "sms": plan.channels.get("sms", ""),
            "email": plan.channels.get("email", ""),
            "phone_watched": yes_no[plan.phone_watched],
            "when": "windows" if plan.windows else "any",
            "wording": plan.wording,
            "officer_name_safe": yes_no[plan.officer_name_safe],
            "help_word": plan.help_word,
            "who_may_answer": plan.who_may_answer,
            "cover_story": plan.cover_story,
            "do_not_say": plan.do_not_say,
        }
        for number, window in enumerate(plan.windows[:WINDOWS]):
            start |= {
                f"days_{number}": window["days"],
                f"from_{number}": window["from"],
                f"to_{number}": window["to"],
            }
        return start

    @property
    def window_rows(self):
        """(days, from, to) as bound fields, for a page."""
        return [(self[f"days_{n}"], self[f"from_{n}"], self[f"to_{n}"]) for n in range(WINDOWS)]

    def clean(self):
        data = super().clean()
        if data.get("contact") == ContactPlan.Safe.NO_CONTACT:
            for name in ("phone_watched", "when"):
                self.errors.pop(name, None)
            data["windows"] = []
            return data
        if data.get("sms") == "safe" and not data.get("phone") and "phone" not in self.errors:
            self.add_error("phone", "Enter the number to text")
        if data.get("sms") == "safe" and data.get("phone_watched") == "yes":
            self.add_error(
                "sms",
                "A phone that somebody else can see is not safe to text. Agree another number, or"
                " answer No",
            )
        data["windows"] = self._windows(data) if data.get("when") == "windows" else []
        self._check_words(data)
        return data

    def _windows(self, data):
        windows = []
        for number in range(WINDOWS):
            days, start, end = (data.get(f"{name}_{number}") for name in ("days", "from", "to"))
            if not days and start is None and end is None:
                continue
            if not days:
                self.add_error(f"days_{number}", "Choose the days")
            elif start is None or end is None:
                missing = "from" if start is None else "to"
                if f"{missing}_{number}" not in self.errors:
                    self.add_error(f"{missing}_{number}", "Enter a time like 09:00")
            else:
                upto = f"{end:%H:%M}" if (end.hour, end.minute) != (0, 0) else "24:00"
                entry = {"days": sorted(days), "from": f"{start:%H:%M}", "to": upto}
                Window.read(entry)
                windows.append(entry)
        broken = any(name.split("_")[0] in ("days", "from", "to") for name in self.errors)
        if not windows and not broken:
            self.add_error("when", "Enter the days and times when it is safe, or choose any time")
        return windows

    def _check_words(self, data):
        word, help_word = data.get("opening_word", ""), data.get("help_word", "")
        kept = self.before is not None and self.before.opening_word_hash
        if not word:
            if "opening_word" in self.errors:
                return
            if not kept:
                self.add_error("opening_word", "Agree a word that opens the link")
            elif help_word and words.is_right(help_word, self.before.opening_word_hash):
                self.add_error("help_word", "Choose another word than the one that opens the link")
            return
        known = (self.of.name, *self.of.name.split(), self.of.date_of_birth, self.of.phone)
        try:
            words.check_opening_word(word, help_word=help_word, known=known)
        except words.WordUnfit as unfit:
            self.add_error("opening_word", str(unfit))

    @property
    def agreed(self) -> dict:
        """What ``people.plans.set_plan`` takes. Only for a valid form."""
        data = self.cleaned_data
        return {
            "safe": data["contact"],
            "channels": {name: data[name] for name in ("sms", "email") if data.get(name)},
            "windows": data["windows"],
            "wording": data["wording"],
            "phone_watched": data.get("phone_watched") == "yes",
            "officer_name_safe": data["officer_name_safe"] == "yes",
            "who_may_answer": data["who_may_answer"],
            "cover_story": data["cover_story"],
            "do_not_say": data["do_not_say"],
            "help_word": data["help_word"],
            "opening_word": data["opening_word"],
            "phone": data["phone"] or None,
        }


class CrimeForm(forms.Form):
    """Record a crime, with the officer who will be in charge of the case."""

    crime_type = forms.ChoiceField(
        label="Recorded as", error_messages={"required": "Choose what it is recorded as"}
    )
    officer = forms.ModelChoiceField(
        label="Officer in charge",
        queryset=None,
        empty_label="Choose an officer",
        error_messages={
            "required": "Choose the officer in charge",
            "invalid_choice": "Choose an officer of this force who can have a case",
        },
    )

    def __init__(self, *args, officers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["crime_type"].choices = [("", "Choose one"), *crime_types.choices()]
        self.fields["officer"].queryset = officers
        self.fields["officer"].label_from_instance = lambda user: user.styled_name


def _as_posted(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _first(value):
    return value[0] if isinstance(value, list) and value else value


def _wrong(field, message):
    return forms.ValidationError(message, params={"field": field})
