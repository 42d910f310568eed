"""What other systems may send and what they are answered. Fields say what is wrong, never save."""

from datetime import timedelta

from django.utils.timezone import now
from rest_framework import serializers

from triage import thrive
from triage.control.models import Dispatch
from triage.models import Channel, Grade, Incident, Response
from victimcontact.lib import phone, references
from victimcontact.people.models import ContactPlan

LONGEST_WORDS = 20_000  # what the engine reads
CLOCKS_DIFFER_BY = timedelta(minutes=5)
SAFETY = [("safe", "Safe"), ("unsafe", "Not safe")]
MOVES = [each for each in Dispatch.State.choices if each[0] != Dispatch.State.ASKED]


class Words(serializers.CharField):
    """Text as it is: a number is not taken for one, and nothing is trimmed away."""

    default_error_messages = {
        "invalid": "This is text.",
        "blank": "This may not be empty.",
        "max_length": "This is too long: at most {max_length} characters.",
    }

    def __init__(self, **more):
        super().__init__(**{"trim_whitespace": False, **more})

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.IntegerField):
    """A whole number of JSON; "7" and true are none."""

    default_error_messages = {"invalid": "This is a whole number."}

    def to_internal_value(self, data):
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNo(serializers.BooleanField):
    """true or false of JSON, and nothing that could be read as one."""

    default_error_messages = {"invalid": "This is true or false."}

    def to_internal_value(self, data):
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class Choice(serializers.ChoiceField):
    default_error_messages = {"invalid_choice": "This is not one of the values that are known."}


class Phone(Words):
    """A telephone number as people write it; E.164 afterwards."""

    def to_internal_value(self, data):
        text = super().to_internal_value(data).strip()
        if not text:
            return ""
        try:
            return phone.parse(text)
        except phone.PhoneError as error:
            raise serializers.ValidationError(str(error)) from error


class Strict(serializers.Serializer):
    """An object whose every field is known: a misspelt one is refused, not ignored."""

    default_error_messages = {"invalid": "This is an object."}

    def to_internal_value(self, data):
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields), key=str)
            if unknown:
                raise serializers.ValidationError(
                    {str(name)[:60]: ["There is no such field."] for name in unknown[:20]}
                )
        return super().to_internal_value(data)


def _safety(says):
    return Choice(choices=SAFETY, required=False, allow_null=True, help_text=says)


class SafeContact(Strict):
    """What this person said about being reached. Nothing is sent where nothing is known."""

    safe = Choice(
        choices=ContactPlan.Safe.choices,
        help_text="as_below: only as set out here. no_contact: not at all.",
    )
    sms = _safety("Whether a text is safe.")
    email = _safety("Whether an e-mail is safe.")
    phone_watched = YesNo(
        required=False,
        allow_null=True,
        help_text="Somebody else may see this phone. Anything but false, left out too, counts as"
        " true: then nothing is sent until a person of the force has asked.",
    )
    note = Words(
        required=False, allow_blank=True, max_length=2000, help_text="What to heed, in words."
    )


class PersonSent(Strict):
    """A person, as far as the other system knows them."""

    name = Words(required=False, allow_blank=True, max_length=200)
    phone = Phone(
        required=False, allow_blank=True, max_length=40, help_text="As people write it, or E.164."
    )
    email = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    address = Words(required=False, allow_blank=True, max_length=500)
    date_of_birth = serializers.DateField(required=False, allow_null=True)
    language = Choice(choices=["en-gb", "cy"], required=False)
    safe_contact = SafeContact(required=False, allow_null=True)


ANSWERS = {
    "caller_age": "In years.",
    "victim_age": "In years.",
    "offender_present": "The suspect is with the caller or victim.",
    "offender_nearby": "The suspect is near, or may come back.",
    "weapon": "A weapon was seen, used or threatened.",
    "children_present": "Somebody under 18 is there, or lives there.",
    "has_smartphone": "With a camera.",
    "has_data": "Mobile data or Wi-Fi.",
    "guardian_available": "A parent or guardian, who is not the suspect, can be there.",
    "wants_attendance": "The victim wants an officer to come.",
    "safe_to_talk": "Nobody overhears or sees what is said.",
    "injuries": "The worst of them.",
    "previous_reports_12m": "As far as you know.",
    "minutes_since_incident": "Since it happened.",
}


def _answer(key, kind):
    more = {"required": False, "allow_null": True, "help_text": ANSWERS[key]}
    if key == "injuries":
        return Choice(choices=["none", "minor", "serious"], **more)
    if kind is bool:
        return YesNo(**more)
    return Number(min_value=0, max_value=130 if key.endswith("age") else 10_000_000, **more)


class Answers(Strict):
    """What was asked and answered. Null, or left out: not asked, or not known."""

    def get_fields(self):
        return {key: _answer(key, kind) for key, kind in thrive.STRUCTURED.items()}


class Report(Strict):
    """One report."""

    their_reference = Words(
        max_length=60,
        trim_whitespace=True,
        help_text="Your own reference: sent again under another key it is refused. No name in it.",
    )
    channel = Choice(choices=Channel.choices, help_text="By which door it came to you.")
    words = Words(
        max_length=LONGEST_WORDS, help_text="What the person said or wrote, in their own words."
    )
    answers = Answers(required=False)
    location = Words(required=False, allow_blank=True, max_length=500)
    safety_note = Words(
        required=False, allow_blank=True, max_length=2000, help_text="For whoever goes or calls."
    )
    suspect = Words(
        required=False, allow_blank=True, max_length=2000, help_text="A description, if any."
    )
    caller = PersonSent(required=False)
    victim = PersonSent(
        required=False, allow_null=True, help_text="Left out: the caller is the victim."
    )
    reported_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="With its offset. Left out: now."
    )

    def validate_their_reference(self, value):
        if not value.isprintable():
            raise serializers.ValidationError("This holds characters that nobody can see.")
        if references.is_valid(value):
            raise serializers.ValidationError("This looks like one of our own references.")
        return value

    def validate_words(self, value):
        if not value.strip():
            raise serializers.ValidationError("This may not be empty.")
        return value

    def validate_reported_at(self, value):
        if value is not None and value > now() + CLOCKS_DIFFER_BY:
            raise serializers.ValidationError("This lies in the future.")
        return value


class News(Strict):
    """New words about an incident that is here already."""

    words = Words(max_length=LONGEST_WORDS, help_text="What is new, as it was said or written.")

    validate_words = Report.validate_words


class DispatchStateSent(Strict):
    """How officers who were asked for get on."""

    state = Choice(choices=MOVES)
    dispatch = serializers.UUIDField(
        required=False, allow_null=True, help_text="Which one. Left out: the last of this incident."
    )
    note = Words(required=False, allow_blank=True, max_length=500, help_text="A call sign, say.")
    at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it was so. Left out: now."
    )

    validate_at = Report.validate_reported_at


class PageAsked(Strict):
    """How a list is asked for."""

    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=200, default=50, help_text="How many at most."
    )
    cursor = serializers.CharField(
        required=False, max_length=200, help_text="The value of next in the page before."
    )


class IncidentsAsked(PageAsked):
    """How the list of incidents is asked for."""

    created_since = serializers.DateTimeField(
        required=False, help_text="Those recorded from this moment on, in the order of recording."
    )
    changed_since = serializers.DateTimeField(
        required=False,
        help_text="Those that changed from this moment on, in the order of their last change.",
    )
    their_reference = serializers.CharField(
        required=False, max_length=60, help_text="The one that you sent under this reference."
    )

    def validate(self, asked):
        if "created_since" in asked and "changed_since" in asked:
            raise serializers.ValidationError("Give created_since or changed_since, not both.")
        return asked


class DispatchesAsked(PageAsked):
    """How the export of dispatches is asked for."""

    since = serializers.DateTimeField(
        required=False, help_text="Those asked for from this moment on, in that order."
    )


# What is answered


class Standing(serializers.Serializer):
    """How one incident stands. No name, number, place or word of anybody is ever in it."""

    reference = serializers.CharField(help_text="Ours. Say this one to people.")
    their_reference = serializers.CharField(allow_null=True, help_text="Yours, where you sent it.")
    channel = serializers.ChoiceField(choices=Channel.choices)
    status = serializers.ChoiceField(choices=Incident.Status.choices)
    grade = serializers.ChoiceField(choices=Grade.choices, allow_null=True)
    grade_label = serializers.CharField(help_text="As this force calls it.")
    graded_by = serializers.ChoiceField(
        choices=["engine", "person"],
        allow_null=True,
        help_text="engine: a person is yet to look. person: a person decided.",
    )
    flags = serializers.ListField(child=serializers.ChoiceField(choices=list(thrive.FLAGS)))
    response = serializers.ChoiceField(choices=Response.choices, allow_null=True)
    reported_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(
        allow_null=True, help_text="By when the grade's target asks for a response."
    )
    review_due_at = serializers.DateTimeField(
        allow_null=True, help_text="By when a person assesses it again, or for the first time."
    )
    closed_at = serializers.DateTimeField(allow_null=True)


class StandingPage(serializers.Serializer):
    """A page of incidents."""

    results = Standing(many=True)
    next = serializers.CharField(
        allow_null=True,
        help_text="Give it as cursor to go on. Of a list by change it is always there: keep it, and"
        " ask again later.",
    )


class UpdateTaken(serializers.Serializer):
    """News was taken in."""

    id = serializers.UUIDField()
    incident = Standing()


class DispatchStanding(serializers.Serializer):
    """How a dispatch stands."""

    id = serializers.UUIDField()
    reference = serializers.CharField(help_text="Of the incident.")
    state = serializers.ChoiceField(choices=Dispatch.State.choices)
    asked_at = serializers.DateTimeField()


class DispatchExported(DispatchStanding):
    """A dispatch with what officers need to go there. Handle it as what it is: personal data."""

    their_reference = serializers.CharField(allow_null=True)
    number = serializers.IntegerField(help_text="1 for the first of this incident.")
    grade = serializers.ChoiceField(choices=Grade.choices)
    flags = serializers.ListField(child=serializers.ChoiceField(choices=list(thrive.FLAGS)))
    asked_by = serializers.CharField(help_text="The member of staff who asked.")
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    arrived_at = serializers.DateTimeField(allow_null=True)
    stood_down_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    location = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(help_text="In the words of whoever asked.")
    safety_note = serializers.CharField(allow_blank=True)
    person = serializers.CharField(allow_blank=True)
    number_to_ring = serializers.CharField(
        allow_blank=True, help_text="Look at the safety note before you ring."
    )


class DispatchPage(serializers.Serializer):
    """A page of dispatches."""

    results = DispatchExported(many=True)
    next = serializers.CharField(help_text="Give it as cursor to go on; keep it for later.")


class FaultPlace(serializers.Serializer):
    """One place in what was sent."""

    path = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer):
    """What went wrong (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="In plain words.")
    errors = FaultPlace(many=True, required=False)
