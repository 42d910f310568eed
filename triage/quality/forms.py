"""What reviewers and handlers write to each other, made clean. Nothing here saves."""

from django import forms

from triage.models import Grade
from triage.quality.models import MOST, FeedbackAnswer, QualityReview
from triage.quality.reviewing import LOW, Opinion, Scored

LONGEST = 4_000
NOT_APPLICABLE = "none"
POINTS = (
    ("0", "0 Absent or wrong"),
    ("1", "1 Thin"),
    ("2", "2 Sound"),
    ("3", "3 A model"),
    (NOT_APPLICABLE, "Does not apply"),
)
OVERALL_HINTS = {
    "good": "Others could learn from it",
    "sound": "What a body of peers would have done",
    "learn": "Safe, and could have been better",
    "unsafe": "Somebody could have come to harm by it",
}


def _words(label, *, rows=2, **kwargs):
    return forms.CharField(
        label=label,
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={
            "max_length": f"{label} must be {LONGEST:,} characters or fewer. Nothing was cut"
        },
        **kwargs,
    )


class ReviewForm(forms.Form):
    """A structured score: ``criteria`` as ``criteria.in_force`` gives them, ``force`` the grades'.

    ``opinion`` is what the service takes.
    """

    right_grade = forms.TypedChoiceField(
        label="On what was known then, which grade was right?",
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the grade that was right on what was known then"},
    )
    overall = forms.ChoiceField(
        label="Overall",
        choices=QualityReview.Overall,
        widget=forms.RadioSelect,
        error_messages={"required": "Say how it was overall"},
    )
    good_practice = _words("Good practice", help_text="What others should see.")
    feedback = _words("Feedback to the handler", rows=4, help_text="They read it under your name.")

    def __init__(self, *args, criteria, force, **kwargs):
        super().__init__(*args, **kwargs)
        self.criteria = criteria
        self.fields["right_grade"].choices = [
            (grade.value, f"{grade.value} {force.grade_label(grade)}") for grade in Grade
        ]
        self.fields["overall"].choice_hints = OVERALL_HINTS
        for one in criteria:
            self.fields[f"points_{one.key}"] = forms.ChoiceField(
                label=one.label,
                choices=POINTS,
                widget=forms.RadioSelect,
                error_messages={"required": f"Score “{one.label}”, or say that it does not apply"},
            )
            self.fields[f"comment_{one.key}"] = _words(f"Why ({one.label.lower()})", rows=1)

    @property
    def scores(self):
        """(criterion, its points field, its comment field) for a page."""
        return [
            (one, self[f"points_{one.key}"], self[f"comment_{one.key}"]) for one in self.criteria
        ]

    def clean(self):
        data = super().clean()
        for one in self.criteria:
            points = data.get(f"points_{one.key}")
            low = points not in (None, NOT_APPLICABLE) and int(points) <= LOW
            if low and not data.get(f"comment_{one.key}"):
                if f"comment_{one.key}" not in self.errors:
                    self.add_error(f"comment_{one.key}", f"Say why “{one.label}” gets so little")
        given = [data.get(f"points_{one.key}") for one in self.criteria]
        if given and all(points == NOT_APPLICABLE for points in given):
            self.add_error(None, "Score at least one criterion")
        return data

    @property
    def opinion(self) -> Opinion:
        data = self.cleaned_data
        return Opinion(
            scores=tuple(
                Scored(
                    key=one.key,
                    label=one.label,
                    points=None
                    if data[f"points_{one.key}"] == NOT_APPLICABLE
                    else min(int(data[f"points_{one.key}"]), MOST),
                    comment=data[f"comment_{one.key}"],
                )
                for one in self.criteria
            ),
            overall=data["overall"],
            right_grade=data["right_grade"],
            good_practice=data["good_practice"],
            feedback=data["feedback"],
        )


class UnsafeForm(forms.Form):
    """Raise that a victim may be unsafe now."""

    why = forms.CharField(
        label="What makes you fear for them now",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": "Say what makes you fear for them now",
            "max_length": f"Use {LONGEST:,} characters or fewer. Nothing was cut",
        },
    )


class SecondForm(forms.Form):
    """Ask for another reviewer's opinion."""

    why = _words("Why a second opinion")


class AnswerForm(forms.Form):
    """A handler's answer to feedback."""

    kind = forms.ChoiceField(
        label="Your answer",
        choices=FeedbackAnswer.Kind,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an answer"},
    )
    words = _words("Your words", rows=3)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choice_hints = {
            "disagree": "Another reviewer then looks as well, without seeing the first opinion."
        }

    def clean(self):
        data = super().clean()
        if data.get("kind") == FeedbackAnswer.Kind.DISAGREE and not data.get("words"):
            if "words" not in self.errors:
                self.add_error("words", "Say what you do not agree with")
        return data
