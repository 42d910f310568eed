"""Safe contact: how, when and in what words a person may be reached."""

from django import forms

from triage.forms import fields
from victimcontact.lib import phone
from victimcontact.people import words
from victimcontact.people.models import ContactPlan
from victimcontact.people.safe_contact import Window

DAYS = tuple(enumerate("Mon Tue Wed Thu Fri Sat Sun".split()))
WINDOWS = 3
CHANNELS = ("sms", "call", "whatsapp", "messenger", "email")
# Said where somebody else could see the phone.
WATCHED = {
    "sms": "A phone that somebody else can see is not safe to text. Agree another number, or"
    " answer No",
    "call": "Somebody else may answer a phone that they can see. Answer No",
    "whatsapp": "WhatsApp can be read on a phone that somebody else can see. Answer No",
    "messenger": "Messenger can be read on a phone that somebody else can see. Answer No",
}
CHANGED = (
    "The plan was changed while you filled this in, or it is another person's. Check every answer,"
    " then keep it"
)
SHUT = "This was marked as not safe while you filled this in"


def _channel(label):
    return forms.ChoiceField(
        label=label,
        choices=(("safe", "Yes"), ("unsafe", "No"), fields.UNKNOWN),
        required=False,
        initial="",
        widget=forms.RadioSelect,
    )


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
    phone = fields.PhoneField(label="Mobile number for texts")
    sms = _channel("Is it safe to send a text to this phone?")
    email = _channel("Is it safe to send an e-mail?")
    call = _channel("Is it safe to ring this phone?")
    whatsapp = _channel("Is it safe to answer them on WhatsApp?")
    messenger = _channel("Is it safe to answer them on Messenger?")
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
    opening_word = fields.line("Word that opens the link", max_length=words.LONGEST)
    help_word = fields.line("Another word, that means help", max_length=words.LONGEST)
    who_may_answer = fields.line("Who may answer the phone")
    cover_story = fields.note("If somebody else answers, say")
    do_not_say = fields.note("Never say")
    # The plan that the page showed; where there was none, whose it was to be.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

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
                self.fields[f"{name}_{number}"] = fields.TimeField(
                    label=label, widget=forms.TextInput(attrs={"autocomplete": "off"})
                )

    def _start(self):
        start = {
            "phone": phone.display(self.of.phone) if self.of.phone else "",
            "seen": self._stands(),
        }
        plan = self.before
        if plan is None:
            return start
        yes_no = {True: "yes", False: "no"}
        start |= {
            "contact": plan.safe if plan.safe != ContactPlan.Safe.NOT_ASKED else None,
            **{name: plan.channels.get(name, "") for name in CHANNELS},
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
            if not self._is_seen():
                data["phone"] = data["opening_word"] = ""
            return data
        self._check_seen()
        if data.get("sms") == "safe" and not data.get("phone") and "phone" not in self.errors:
            self.add_error("phone", "Enter the number to text")
        for name, refusal in WATCHED.items():
            if data.get(name) == "safe" and data.get("phone_watched") == "yes":
                self.add_error(name, refusal)
        data["windows"] = self._windows(data) if data.get("when") == "windows" else []
        self._check_words(data)
        return data

    def _check_seen(self):
        """Refuse, once, what was filled in while the plan became another: they wrote STOP, say."""
        if self._is_seen():
            return
        self.add_error("contact", CHANGED)
        channels = self.before.channels if self.before else {}
        for name in CHANNELS:
            if channels.get(name) == "unsafe" and self.cleaned_data.get(name) == "safe":
                self.add_error(name, SHUT)
        self.data = self.data.copy()  # a request's own cannot be changed
        self.data["seen"] = self._stands()

    def _is_seen(self):
        return self.data.get("seen", self._stands()) == self._stands()

    def _stands(self):
        return str((self.before or self.of).pk)

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
        data, before = self.cleaned_data, self.before
        # What the page did not ask stays shut where it was: for ringing, unknown is not unsafe.
        shut = {} if before is None else before.channels
        unasked = {
            name: "unsafe"
            for name in CHANNELS
            if name not in self.data and shut.get(name) == "unsafe"
        }
        return {
            "safe": data["contact"],
            "channels": unasked | {name: data[name] for name in CHANNELS if data.get(name)},
            "note": before.note if before else "",
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
