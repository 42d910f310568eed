"""What handlers type about partners, made clean. Nothing here saves."""

import uuid

from django import forms

from triage.forms.fields import note
from triage.partners import agencies, cards, steps
from triage.partners.models import Referral

LONGEST_ASKED = 4_000


class ReferForm(forms.Form):
    """A referral of one incident. ``likely`` are kinds of agency to show first."""

    agency = forms.ChoiceField(
        label="Agency", error_messages={"required": "Choose the agency you told"}
    )
    card = forms.ChoiceField(label="Because of", required=False)
    asked = note(
        "What you told them, and what you asked them to do",
        required=True,
        max_length=LONGEST_ASKED,
        rows=6,
        help_text="What they need and no more. It is printed on the form.",
    )
    way = forms.ChoiceField(
        label="How did you tell them?",
        choices=Referral.Way,
        widget=forms.RadioSelect,
        help_text="Nothing is sent from here: tell them first, or right after.",
        error_messages={"required": "Choose how you told the agency"},
    )
    consent = forms.ChoiceField(
        label="Does the person agree that their details are shared?",
        choices=Referral.Consent,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether the person agrees"},
    )
    ground = forms.ChoiceField(
        label="If not: why it is shared all the same", required=False, widget=forms.RadioSelect
    )
    told_about_consent = note("What they said about it, or why they could not be asked", rows=3)
    key = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, found, likely=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.found = {str(agency.pk): agency for agency in found}
        self.fields["asked"].error_messages["required"] = "Say what you told the agency"
        self.fields["agency"].choices = [("", "Choose"), *_grouped(found, likely)]
        self.fields["card"].choices = [
            ("", "Another concern"),
            *((card.key, card.title) for card in cards.all_cards().values()),
        ]
        self.fields["ground"].choices = list(agencies.reasons().items())
        self.fields["key"].initial = uuid.uuid4

    def clean_key(self):
        """One that cannot be read is as a form that nobody sent before."""
        try:
            return uuid.UUID(self.cleaned_data["key"])
        except ValueError:
            return uuid.uuid4()

    @property
    def wanted(self) -> dict:
        """The keywords of ``referring.make`` but ``by`` and ``at``."""
        return {**self.cleaned_data, "agency": self.found[self.cleaned_data["agency"]]}


def _grouped(found, likely):
    """Choices by kind; the likely kinds first, in their order, then the others in the file's."""
    kinds = [*likely, *(kind for kind in agencies.kinds() if kind not in likely)]
    groups = {kind: [] for kind in kinds}
    for agency in found:
        groups[agency.kind].append((str(agency.pk), agency.name))
    labels = agencies.kinds()
    return [
        (labels[kind].label + (", likely" if kind in likely else ""), members)
        for kind, members in groups.items()
        if members
    ]


class MoveForm(forms.Form):
    """What became of a referral: the next status, or "chased"."""

    CHASED = "chased"
    SAYS = {
        Referral.Status.RECEIVED: "They have it",
        Referral.Status.ANSWERED: "They answered",
        Referral.Status.DECLINED: "They declined it",
        Referral.Status.WITHDRAWN: "We take it back",
        CHASED: "I asked them again, no answer yet",
    }

    to = forms.ChoiceField(
        label="What happened?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happened"},
    )
    note = note("What they said, will do and by when; or why", rows=4)
    seen = forms.ChoiceField(choices=Referral.Status, widget=forms.HiddenInput)

    def __init__(self, *args, referral, **kwargs):
        super().__init__(*args, **kwargs)
        answers = {Referral.Status.ANSWERED, self.CHASED} | referral.TRANSITIONS[referral.status]
        self.fields["to"].choices = [(k, v) for k, v in self.SAYS.items() if k in answers]
        self.fields["seen"].initial = referral.status


_SAID = (("done", "Done"), ("not", "Not done"))


class StepsForm(forms.Form):
    """The steps of one card: done, not done because, or not said yet."""

    def __init__(self, *args, card, standing, **kwargs):
        super().__init__(*args, **kwargs)
        self.card = card
        for step in card.steps:
            stands = standing.get((card.key, step.key))
            said = ("done" if stands.is_done else "not") if stands else ""
            self.fields[f"step-{card.key}-{step.key}"] = forms.ChoiceField(
                label=step.text,
                choices=_SAID if stands else (("", "Not yet"), *_SAID),
                required=False,
                initial=said,
                widget=forms.RadioSelect,
            )
            self.fields[f"why-{card.key}-{step.key}"] = forms.CharField(
                label=f"Why not: {step.text}",
                required=False,
                max_length=steps.LONGEST_BECAUSE,
                initial=stands.because if stands else "",
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
                error_messages={
                    "max_length": f"The reason must be {steps.LONGEST_BECAUSE} characters or fewer."
                    " Shorten it: nothing was cut"
                },
            )

    def clean(self):
        for step in self.card.steps:
            why = f"why-{self.card.key}-{step.key}"
            said = self.cleaned_data.get(f"step-{self.card.key}-{step.key}")
            if said == "not" and not self.has_error(why) and not self.cleaned_data.get(why):
                self.add_error(why, f"Say why it is not done: {step.text.lower()}")
        return self.cleaned_data

    @property
    def rows(self):
        """(step, its field, its reason's field) of each step."""
        key = self.card.key
        return [
            (step, self[f"step-{key}-{step.key}"], self[f"why-{key}-{step.key}"])
            for step in self.card.steps
        ]


class FilterForm(forms.Form):
    """Which referrals a list shows. What cannot be read is as if it were not asked."""

    STANDS = (
        ("open", "Waiting for an answer"),
        ("overdue", "Overdue"),
        ("settled", "Answered, declined or withdrawn"),
        ("all", "All"),
    )
    stands = forms.ChoiceField(label="Show", choices=STANDS, required=False, initial="open")
    agency = forms.ChoiceField(label="Agency", required=False)

    def __init__(self, *args, found, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["agency"].choices = [
            ("", "All agencies"),
            *((str(agency.pk), str(agency)) for agency in found),
        ]

    @property
    def chosen(self) -> tuple[str, str]:
        """(stands, agency's key or empty)."""
        self.full_clean()
        data = getattr(self, "cleaned_data", {})
        return data.get("stands") or "open", data.get("agency") or ""
