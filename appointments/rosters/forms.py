"""What supervisors type about desks and rosters, made clean. Nothing here saves."""

from datetime import date, time, timedelta

from django import forms
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.text import slugify

from appointments import rooms
from appointments.models.desk import HOLIDAY, Desk, Meeting
from appointments.rosters import hours, shifts
from appointments.rosters.models import Absence, Profile, ShiftPattern, Skill
from triage.thrive import FLAGS
from victimcontact.accounts.models import User
from victimcontact.lib import local_time

DAY_NAMES = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
    HOLIDAY: "Bank holidays",
}
LANGUAGES = (("cy", "Welsh"), ("bsl", "British Sign Language"))
CLOSED = "closed"
TIME_AS = "Enter a time, as 07:00"
LONGEST_ABSENCE = timedelta(days=400)


def officers_of(user):
    """Those in whose diary appointments can be put, of the forces this person serves."""
    found = User.objects.filter(
        forces__in=user.forces.all(), is_active=True, roles__overlap=rooms.MAY_ENTER
    )
    return found.distinct().order_by("last_name", "first_name", "pk")


class ClockField(forms.CharField):
    """A time of day as minutes after midnight; 24:00 is 1440."""

    def __init__(self, **kwargs):
        narrow = {"class": "govuk-input--width-5", "autocomplete": "off", "inputmode": "numeric"}
        super().__init__(max_length=5, widget=forms.TextInput(attrs=narrow), **kwargs)

    def clean(self, value):
        text = super().clean(value)
        try:
            return hours.minutes(text) if text else None
        except hours.NoSuchHour as error:
            raise forms.ValidationError(TIME_AS) from error


class DayField(forms.DateField):
    """A date by the browser's own picker, between a year ago and some years ahead."""

    def __init__(self, **kwargs):
        said = {"required": "Enter a date", "invalid": "Enter a date, as 31/12/2026"}
        super().__init__(
            widget=forms.DateInput(
                format="%Y-%m-%d", attrs={"type": "date", "class": "govuk-input--width-10"}
            ),
            input_formats=["%Y-%m-%d", "%d/%m/%Y"],
            error_messages=said,
            **kwargs,
        )

    def clean(self, value):
        found = super().clean(value)
        if found and not date(2020, 1, 1) <= found <= date(2060, 1, 1):
            raise forms.ValidationError("Enter a date between 2020 and 2060")
        return found


def _between(on, begins, ends, until=None):
    """A range in UTC of wall clock minutes; without ``until`` an earlier end is the next day."""
    last = until or on
    if until is None and ends <= begins:
        ends += 24 * 60
    return DateTimeTZRange(hours.moment(on, begins), hours.moment(last, ends))


class DeskForm(forms.Form):
    """A desk whole: what it is for, when it is open and how long a talk takes."""

    name = forms.CharField(
        max_length=100, label="Name", error_messages={"required": "Enter the name of the desk"}
    )
    kinds = forms.MultipleChoiceField(
        label="Its officers meet people",
        choices=Meeting.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose how its officers meet people"},
    )
    place = forms.CharField(
        max_length=200,
        required=False,
        label="Police station",
        help_text="Where people come to. Only where they are met at a station.",
    )
    takes_flags = forms.MultipleChoiceField(
        label="Kinds of incident that come here first",
        required=False,
        choices=sorted(FLAGS.items(), key=lambda flag: flag[1]),
        widget=forms.CheckboxSelectMultiple,
        help_text="None: the desk for everything that no other desk takes.",
    )
    skills = forms.MultipleChoiceField(
        label="Skills that each of its officers must have",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    slot_minutes = forms.IntegerField(
        min_value=5, max_value=480, label="Minutes for a talk", initial=45
    )
    buffer_minutes = forms.IntegerField(
        min_value=0, max_value=240, label="Minutes kept free after it", initial=15
    )
    names_officer = forms.BooleanField(
        required=False, label="Victims are told the officer’s name beforehand", initial=True
    )
    plain_background = forms.BooleanField(
        required=False, label="Officers sit before a plain background"
    )
    is_active = forms.BooleanField(required=False, label="The desk takes bookings", initial=True)

    def __init__(self, *args, force, desk=None, **kwargs):
        if desk is not None:
            kwargs["initial"] = {
                name: getattr(desk, name) for name in self.base_fields if hasattr(desk, name)
            }
        super().__init__(*args, **kwargs)
        self.desk, self.force = desk, force
        learnt = Skill.objects.filter(force=force).values_list("slug", "name")
        self.fields["skills"].choices = list(learnt)
        usual = (8 * 60 + 30, 21 * 60 + 30)
        for key, name in DAY_NAMES.items():
            field = forms.CharField(
                label=name,
                max_length=15,
                required=key != HOLIDAY,
                initial=self._said(key) if desk else _words(usual) if key != HOLIDAY else "",
                error_messages={"required": f"Enter the hours of {name}, or “closed”"},
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
            self.fields[f"hours_{key}"] = field

    def _said(self, key):
        if key == HOLIDAY and HOLIDAY not in self.desk.hours:
            return ""
        if key in self.desk.hours:
            pair = self.desk.hours[key]
            return f"{pair[0]}-{pair[1]}" if pair else CLOSED
        return f"{self.desk.opens:%H:%M}-{self.desk.closes:%H:%M}"

    @property
    def day_fields(self):
        return [self[f"hours_{key}"] for key in DAY_NAMES]

    def clean_name(self):
        name = self.cleaned_data["name"]
        slug = slugify(name)[:50]
        same = Desk.objects.filter(force=self.force, slug=slug)
        if not slug or (self.desk is None and same.exists()):
            raise forms.ValidationError("Enter a name that no other desk has")
        return name

    def clean(self):
        data = super().clean()
        if Meeting.STATION in data.get("kinds", ()) and not data.get("place"):
            self.add_error("place", "Enter the police station where people are met")
        read = {}
        for key, name in DAY_NAMES.items():
            text = data.pop(f"hours_{key}", None)
            if text is None or (key == HOLIDAY and not text.strip()):
                continue
            if text.strip().casefold() == CLOSED:
                read[key] = []
                continue
            begins, _, ends = text.replace("–", "-").replace(" to ", "-").partition("-")
            try:
                first, last = hours.minutes(begins), hours.minutes(ends)
            except hours.NoSuchHour:
                first = last = None
            if first is None or first == last or first == 24 * 60:
                self.add_error(f"hours_{key}", f"Enter the hours of {name} as 08:30-21:30")
                continue
            read[key] = [_clock(first), _clock(last)]
        data["hours"] = read
        return data

    def as_desk(self):
        """The Desk with what was typed, not saved. Only for a valid form."""
        desk = self.desk or Desk(
            force=self.force,
            slug=slugify(self.cleaned_data["name"])[:50],
            opens=time(8, 30),
            closes=time(21, 30),
        )
        for name in (*self.base_fields, "hours"):
            setattr(desk, name, self.cleaned_data[name])
        return desk


def _clock(minutes):
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _words(pair):
    return "-".join(_clock(each) for each in pair)


class DeskDayForm(forms.Form):
    """A date on which a desk has other hours, or none."""

    on = DayField(label="Date")
    opens = ClockField(label="Opens", required=False, help_text="Empty: closed all day.")
    closes = ClockField(label="Closes", required=False)
    because = forms.CharField(
        max_length=60, label="Why", error_messages={"required": "Say why, as “Training day”"}
    )

    def clean(self):
        data = super().clean()
        if (data.get("opens") is None) != (data.get("closes") is None) and not self.errors:
            self.add_error("closes", "Enter both times, or neither")
        for name in ("opens", "closes"):
            if data.get(name) is not None:
                data[name] = time(*divmod(data[name] % (24 * 60), 60))
        return data


class ShiftForm(forms.Form):
    """One shift of one officer."""

    officer = forms.ModelChoiceField(
        User.objects.none(),
        label="Officer",
        empty_label="Choose",
        error_messages={"required": "Choose the officer"},
    )
    desk = forms.ModelChoiceField(
        Desk.objects.none(),
        label="Desk",
        empty_label="Choose",
        error_messages={"required": "Choose the desk"},
    )
    on = DayField(label="Date")
    begins = ClockField(label="From", error_messages={"required": "Enter when it begins"})
    ends = ClockField(
        label="Until",
        error_messages={"required": "Enter when it ends"},
        help_text="At or before the beginning: on the next day.",
    )

    def __init__(self, *args, user, shift=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["officer"].queryset = officers_of(user)
        self.fields["officer"].label_from_instance = lambda officer: officer.styled_name
        desks = Desk.objects.filter(force__in=user.forces.all(), is_active=True)
        self.fields["desk"].queryset = desks
        if shift is not None:
            del self.fields["officer"]
            self.fields["desk"].queryset = desks | Desk.objects.filter(pk=shift.desk_id)

    @classmethod
    def of(cls, shift, *, user):
        """The form of a shift as it stands."""
        begins, ends = (local_time.local(each) for each in (shift.during.lower, shift.during.upper))
        return cls(
            user=user,
            shift=shift,
            initial={
                "desk": shift.desk,
                "on": begins.date(),
                "begins": f"{begins:%H:%M}",
                "ends": f"{ends:%H:%M}",
            },
        )

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        if data["begins"] == 24 * 60:
            self.add_error("begins", "Enter 00:00 on the day after, not 24:00")
            return data
        during = _between(data["on"], data["begins"], data["ends"])
        if not timedelta(0) < during.upper - during.lower <= shifts.LONGEST:
            self.add_error("ends", "A shift is 16 hours at most")
        data["during"] = during
        return data


class AbsenceForm(forms.Form):
    """Leave, sickness or training, from and until."""

    officer = forms.ModelChoiceField(
        User.objects.none(),
        label="Officer",
        empty_label="Choose",
        error_messages={"required": "Choose the officer"},
    )
    kind = forms.ChoiceField(
        label="What for",
        choices=Absence.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose sickness, leave or training"},
    )
    first_on = DayField(label="First day")
    begins = ClockField(label="From", required=False, help_text="Empty: all day.")
    last_on = DayField(label="Last day")
    ends = ClockField(label="Until", required=False, help_text="Empty: to the end of the day.")

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["officer"].queryset = officers_of(user)
        self.fields["officer"].label_from_instance = lambda officer: officer.styled_name

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        begins = data["begins"] if data["begins"] is not None else 0
        ends = data["ends"] if data["ends"] is not None else 24 * 60
        # Each by itself first: a range is never made the wrong way round.
        lower = hours.moment(data["first_on"], begins)
        upper = hours.moment(data["last_on"], ends)
        if upper <= lower:
            self.add_error("last_on", "It must end after it begins")
        elif upper - lower > LONGEST_ABSENCE:
            self.add_error("last_on", "An absence is 400 days at most: enter the next one apart")
        else:
            data["during"] = DateTimeTZRange(lower, upper)
        return data


class PatternForm(forms.Form):
    """A cycle of days."""

    name = forms.CharField(
        max_length=60, label="Name", error_messages={"required": "Enter a name, as “2-2-2-4”"}
    )
    days = forms.CharField(
        label="Days, one a line",
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="As 07:00-15:00 or 22:00-07:00; “rest” for a rest day.",
        error_messages={"required": "Enter the days of the cycle"},
    )

    def __init__(self, *args, desk, **kwargs):
        super().__init__(*args, **kwargs)
        self.desk = desk

    def clean_name(self):
        name = self.cleaned_data["name"]
        if ShiftPattern.objects.filter(desk=self.desk, name=name).exists():
            raise forms.ValidationError("Enter a name that no other pattern of this desk has")
        return name

    def clean_days(self):
        found = []
        for number, line in enumerate(self.cleaned_data["days"].splitlines(), 1):
            text = line.strip().replace("–", "-").replace(" ", "")
            text = "" if text.casefold() in ("rest", "off", "") else text
            try:
                read = shifts.read_day(text)
            except shifts.BadDay as error:
                raise forms.ValidationError(
                    f"Line {number} is no shift: enter it as 07:00-15:00, 16 hours at most"
                ) from error
            found.append(
                "-".join(_clock(each % 1440 or (each and 1440)) for each in read) if read else ""
            )
        if not any(found):
            raise forms.ValidationError("Enter at least one day that is worked")
        if len(found) > shifts.MOST_DAYS:
            raise forms.ValidationError(f"A cycle is {shifts.MOST_DAYS} days at most")
        return found


class JoinForm(forms.Form):
    """Officers who work a pattern from a date on."""

    officers = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label="Officers",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose the officers"},
    )
    begins_on = DayField(label="First day of the cycle")

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["officers"].queryset = officers_of(user)
        self.fields["officers"].label_from_instance = lambda officer: officer.styled_name


class LeaveForm(forms.Form):
    """The last day that an officer works a pattern."""

    last_on = DayField(label="Last day")


class ProfileForm(forms.Form):
    """What an officer has learnt and speaks."""

    skills = forms.MultipleChoiceField(
        label="Skills", required=False, widget=forms.CheckboxSelectMultiple
    )
    languages = forms.MultipleChoiceField(
        label="Languages besides English",
        required=False,
        choices=LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
    )
    gender = forms.ChoiceField(
        label="Gender, where a victim asks",
        required=False,
        choices=[("", "Not said"), *User.Gender.choices],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args, officer, forces, **kwargs):
        profile = Profile.objects.filter(user=officer).first() or Profile(user=officer)
        kwargs["initial"] = {
            "skills": profile.skills,
            "languages": profile.languages,
            "gender": officer.gender,
        }
        super().__init__(*args, **kwargs)
        found = Skill.objects.filter(force__in=forces).values_list("slug", "name")
        self.fields["skills"].choices = sorted(set(found), key=lambda skill: skill[1])


class FileForm(forms.Form):
    """A table of shifts."""

    file = forms.FileField(
        label="File",
        help_text="CSV as Excel saves it, with the columns officer, desk, date, start and end.",
        error_messages={"required": "Choose a file", "empty": "The file is empty"},
    )
