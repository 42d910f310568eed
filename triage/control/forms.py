"""What staff say on the control room's pages. Forms clean; services keep."""

import uuid

from django import forms

from triage.control import library
from triage.control.models import CallerTold, News, Safeguarding, SystemCheck

LONGEST = 2_000
SHORT = 500
WAYS = (
    (CallerTold.How.CALL, "On the line, now or just before"),
    (CallerTold.How.IN_PERSON, "In person or on video"),
    (CallerTold.How.CHAT, "In the chat"),
    (CallerTold.How.NOT_TOLD, "Not told"),
)


def text(label, *, required="", longest=LONGEST, hint="", rows=2):
    """Words of a person; ``required`` is what to say when they are missing."""
    errors = {"max_length": f"{label} must be {longest:,} characters or fewer"}
    if required:
        errors["required"] = required
    return forms.CharField(
        label=label,
        required=bool(required),
        max_length=longest,
        help_text=hint,
        widget=forms.Textarea(attrs={"rows": rows, "autocomplete": "off"}),
        error_messages=errors,
    )


class ToldForm(forms.Form):
    """How the caller was told, or why not: part of every form that changes what they were told."""

    how = forms.ChoiceField(
        label="How they were told",
        choices=WAYS,
        widget=forms.RadioSelect,
        error_messages={"required": "Say how they were told, or that they were not"},
    )
    because = text("If not told, why not", longest=SHORT, rows=1)

    def clean(self):
        data = super().clean()
        if data.get("how") == CallerTold.How.NOT_TOLD:
            if not data.get("because"):
                self.add_error("because", "Say why they were not told")
        else:
            # Typed before they were told after all.
            data["because"] = ""
        return data

    @property
    def told(self) -> dict:
        """``told`` and ``not_told_because`` as the services take them."""
        how = self.cleaned_data["how"]
        is_told = how != CallerTold.How.NOT_TOLD
        return {
            "told": how if is_told else "",
            "not_told_because": self.cleaned_data["because"],
        }


class SendForm(ToldForm):
    """Officers, now. Filled before it is shown: whoever asks need only confirm."""

    reason = text("Why now", required="Say why officers are needed now")
    where = text("Where to", longest=SHORT, rows=1)
    safety_note = text("What officers must know", rows=2)
    # What was typed on the page that it was asked from, and not kept there yet.
    narrative = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)
    key = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)
    came_from = forms.CharField(max_length=10, widget=forms.HiddenInput)

    field_order = ("reason", "where", "safety_note", "how", "because")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["how"].label = "Have you told them that officers are coming?"


class StepForm(forms.Form):
    """What became of officers that were asked for."""

    state = forms.ChoiceField(choices=())
    note = text("Note", longest=SHORT, rows=1)

    def __init__(self, *args, states, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [(state, state.label) for state in states]


class ChecksForm(forms.Form):
    """A result and a note for each system; those without a result are left as they stand."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for slug, check in library.checks().items():
            self.fields[f"result-{slug}"] = forms.ChoiceField(
                label=check.label,
                choices=SystemCheck.Result.choices,
                required=False,
                widget=forms.RadioSelect,
            )
            self.fields[f"note-{slug}"] = forms.CharField(
                label=f"{check.label}: what was found, or why it was not done",
                required=False,
                max_length=LONGEST,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
                error_messages={"max_length": "The note must be 2,000 characters or fewer"},
            )

    def clean(self):
        data = super().clean()
        for slug in library.checks():
            result, note = data.get(f"result-{slug}"), data.get(f"note-{slug}", "")
            if result == SystemCheck.Result.FOUND and not note:
                self.add_error(f"note-{slug}", "Say what was found")
            elif result == SystemCheck.Result.NOT_DONE and not note:
                self.add_error(f"note-{slug}", "Say why it was not done")
            elif note and not result:
                self.add_error(f"result-{slug}", "Say what came of it")
        if not self.errors and not self.done:
            raise forms.ValidationError("Tick what you looked up")
        return data

    @property
    def done(self) -> list[tuple[str, str, str]]:
        """(kind, result, note) of each check that was ticked."""
        return [
            (slug, self.cleaned_data[f"result-{slug}"], self.cleaned_data[f"note-{slug}"])
            for slug in library.checks()
            if self.cleaned_data.get(f"result-{slug}")
        ]


class AdviceForm(forms.Form):
    """Which advice was read out, or is to be sent."""

    items = forms.MultipleChoiceField(
        label="Advice",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick the advice that you read out, or want to send"},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = [
            (slug, piece.title) for slug, piece in library.advice().items()
        ]


class SafeguardingForm(forms.Form):
    """One decision about one risk."""

    risk = text("Which risk", required="Say which risk it is", longest=SHORT, rows=1)
    choice = forms.ChoiceField(
        label="What to do about it",
        choices=Safeguarding.Choice,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what to do about it"},
    )
    what = text(
        "What exactly", required="Say who does what, by when", hint="Who does what, by when"
    )
    why = text("Why", required="Say why", hint="For “accept”: why no more can or need be done")
    instead_of = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["choice"].choice_hints = {
            "remove": "The risk is gone: he is arrested, she has moved",
            "avoid": "Keep them out of its way: another place, another time",
            "reduce": "Make it less likely or less grave: locks, alarm, patrols",
            "accept": "Nothing more for now, and why that is right",
        }


class TellForm(ToldForm):
    """What the victim or caller was told."""

    what = forms.ChoiceField(
        label="What they were told",
        choices=[choice for choice in News.choices if choice[0] != News.CLOSED],
        widget=forms.RadioSelect,
        error_messages={"required": "Say what they were told"},
    )

    field_order = ("what", "how", "because")


class CloseForm(ToldForm):
    """How an incident ends."""

    outcome = forms.ChoiceField(
        label="Outcome",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the outcome"},
    )
    reason = text("Why it can be closed", required="Say why it can be closed", rows=3)

    field_order = ("outcome", "reason", "how", "because")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        outcomes = library.outcomes()
        self.fields["outcome"].choices = [(slug, one.label) for slug, one in outcomes.items()]
        self.fields["outcome"].choice_hints = {slug: one.hint for slug, one in outcomes.items()}
        self.fields["how"].label = "Have you told the victim or caller?"


class ReopenForm(forms.Form):
    """Why a closed incident is opened again."""

    note = text("What came in", required="Say what came in", rows=3)
