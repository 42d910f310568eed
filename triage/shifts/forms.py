"""What a leader or a handler says about whose an incident is. Never saves."""

from django import forms

from victimcontact.accounts.models import User

MOST_CHARACTERS = 2000
POOL = "pool"


class OwnerForm(forms.Form):
    """Taken over or assigned: ``seen`` is the owner who stood on the page, empty for nobody."""

    seen = forms.UUIDField(required=False, widget=forms.HiddenInput)


class AssignForm(OwnerForm):
    """To whom; ``people`` are the Standings that may be chosen."""

    to = forms.ChoiceField(
        label="Give it to",
        error_messages={
            "required": "Choose who is to have it",
            "invalid_choice": "Whom you chose is no longer on duty. Choose another",
        },
    )

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = {str(one.user.pk): one.user for one in people}
        self.fields["to"].choices = [
            ("", "Choose"),
            *((str(one.user.pk), f"{one.user} ({one.state}, {one.owns} open)") for one in people),
            (POOL, "Nobody: back to the pool"),
        ]

    def clean_to(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])


class PinForm(forms.Form):
    """Why it goes before all others."""

    reason = forms.CharField(
        label="Why it goes first",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": "Say why it goes first",
            "max_length": f"Use {MOST_CHARACTERS:,} characters or fewer",
        },
    )


class HandOverForm(forms.Form):
    """To whom everything goes that one has open, and what the next one must know."""

    to = forms.ChoiceField(
        label="Who takes your incidents",
        error_messages={
            "required": "Choose who takes them, or the pool",
            "invalid_choice": "Choose who takes them, or the pool",
        },
    )
    note = forms.CharField(
        label="What the next one must know",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="They must acknowledge it. Say which incident, what is agreed, what is next.",
        error_messages={
            "required": "Say what the next one must know",
            "max_length": f"Use {MOST_CHARACTERS:,} characters or fewer",
        },
    )

    def __init__(self, *args, people, forces, **kwargs):
        super().__init__(*args, **kwargs)
        self.forces = {str(force.pk): force for force in forces}
        if len(self.forces) > 1:
            self.fields["force"] = forms.ChoiceField(
                label="Which force’s incidents",
                help_text="The note is read in that force alone. Hand over each force’s by itself.",
                choices=[(key, force.name) for key, force in self.forces.items()],
                widget=forms.RadioSelect,
                error_messages={
                    "required": "Choose whose incidents you hand over",
                    "invalid_choice": "Choose whose incidents you hand over",
                },
            )
            self.order_fields(["force", "to", "note"])
        self.people = {str(person.pk): person for person in people}
        self.fields["to"].choices = [
            ("", "Choose"),
            (POOL, "The pool: whoever acknowledges first"),
            *((key, str(person)) for key, person in self.people.items()),
        ]

    def clean_force(self):
        return self.forces.get(self.cleaned_data["force"])

    def clean_to(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])
