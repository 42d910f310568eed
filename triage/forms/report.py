"""A new report: who calls, who is harmed, where, and the first assessment."""

from django import forms

from triage import crime_types, typed
from triage.forms import fields
from triage.forms.assess import AssessForm
from triage.intake import NewReport, Person
from triage.models import Channel


@fields.sharing("grade", "force_choice", "language")
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
    caller_name = fields.line("Caller's name")
    caller_phone = fields.PhoneField(label="Caller's number")
    caller_age = fields.age("Caller's age")
    caller_contact = forms.UUIDField(required=False)
    victim_name = fields.line("Victim's name")
    victim_phone = fields.PhoneField(label="Victim's number")
    victim_contact = forms.UUIDField(required=False)
    victim_age = fields.age("Victim's age")
    victim_born = fields.DateField(
        label="Or date of birth",
        wrong="Enter a date of birth like 27/3/1985",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    victim_email = forms.EmailField(
        label="E-mail",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
        max_length=fields.LONGEST_LINE,
        error_messages={
            "invalid": "Enter an e-mail address like name@example.com",
            "max_length": f"E-mail must be {fields.LONGEST_LINE} characters or fewer",
        },
    )
    victim_address = fields.note("Home address", max_length=500)
    language = forms.ChoiceField(label="Texts in", required=False)
    interpreter = fields.line("Interpreter for")
    needs = fields.note("Needs and adaptations")
    location = fields.note("Where it happened", max_length=500)
    suspect = fields.note("Person suspected, as described")
    safety_note = fields.note("Safety note for whoever goes or calls")
    crime_type = forms.ChoiceField(
        label="Looks like",
        choices=lambda: [("", "Not said yet"), *crime_types.choices()],
        required=False,
    )

    LANGUAGES = {"en-gb": "English", "cy": "Welsh"}

    def __init__(self, *args, forces, **kwargs):
        self.forces = {str(force.pk): force for force in forces}
        super().__init__(*args, **kwargs)
        self.fields["force_choice"].choices = [(k, f.name) for k, f in self.forces.items()]
        self.fields["language"].choices = [
            (code, self.LANGUAGES.get(code, code)) for code in self.force.languages
        ]

    @property
    def chosen_force(self):
        """The force that this report is for: the one chosen, else the first the handler serves."""
        return self.forces.get(self.cleaned_data.get("force_choice")) or self.force

    @property
    def people(self) -> list[dict]:
        """Who is in it so far: ``who`` "caller" or "victim", and what finds them again.

        ``phone`` as E.164, ``name``, ``born`` as ISO date, ``address``, ``contact_id``: each
        empty where it is not known, or not valid yet. The caller comes first.
        """
        data = self.cleaned_data

        def person(who, **more):
            found = {"name": data.get(f"{who}_name") or "", "phone": data.get(f"{who}_phone") or ""}
            found |= {"contact_id": data.get(f"{who}_contact"), "born": "", "address": ""}
            return found | {"who": who} | more

        born = data.get("victim_born")
        of_victim = {
            "born": born.isoformat() if born else "",
            "address": data.get("victim_address") or "",
        }
        if data.get("about") == "other":
            return [person("caller"), person("victim", **of_victim)]
        return [person("caller", **of_victim)]

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
