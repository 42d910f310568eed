"""What goes into an assessment and what comes out, as plain values."""

from dataclasses import asdict, dataclass, field

from .vocabulary import CHANNELS, STRUCTURED


class ReportError(ValueError):
    """The report cannot be read. The text says what is wrong with it."""


@dataclass(frozen=True)
class Report:
    """What is known of one report.

    ``structured`` holds answers by key (see ``vocabulary.STRUCTURED``) and may also hold answers
    to the policy's own questions; None is "not asked or not known". ``history`` holds facts from
    earlier records in the same shape, such as ``{"markers": ["domestic_abuse"]}``. ``said`` holds
    what was said in answer to a question, word for word, by its key.
    """

    channel: str
    narrative: str
    structured: dict = field(default_factory=dict)
    history: dict | None = None
    said: dict = field(default_factory=dict)

    @property
    def words(self):
        """All that the caller said: places of cues are places in this."""
        return spoken(self.narrative, self.said)

    @classmethod
    def from_dict(cls, data):
        """Read one report as other systems send it. Raises ReportError."""
        if not isinstance(data, dict):
            raise ReportError("A report is an object with channel, narrative and structured")
        channel = data.get("channel")
        if channel not in CHANNELS:
            raise ReportError(f"channel must be one of {', '.join(CHANNELS)}")
        narrative = data.get("narrative")
        if not isinstance(narrative, str):
            raise ReportError("narrative must be text")
        structured = data.get("structured")
        if structured is None:
            structured = {}
        if not isinstance(structured, dict):
            raise ReportError("structured must be an object")
        for key, kind in STRUCTURED.items():
            value = structured.get(key)
            if value is None:
                continue
            if kind is int and isinstance(value, float) and value.is_integer():
                continue
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise ReportError(f"structured.{key} must be {_KINDS[kind]} or null")
            if key == "injuries" and value not in ("none", "minor", "serious"):
                raise ReportError('structured.injuries must be "none", "minor", "serious" or null')
        clean = {
            key: int(value) if isinstance(value, float) else value
            for key, value in structured.items()
        }
        history = data.get("history")
        if history is not None and not isinstance(history, dict):
            raise ReportError("history must be an object or null")
        return cls(channel, narrative, clean, history)


def spoken(narrative, said):
    """The narrative, and below it what was said in answer to each question, a line each."""
    return "\n".join([narrative, *said.values()]) if said else narrative


_KINDS = {int: "a whole number", bool: "true or false", str: "text"}


@dataclass(frozen=True)
class Span:
    """Where words stand in the narrative, in characters; ``end`` is exclusive."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Element:
    level: int  # 0 none to 3 severe
    rationale: tuple[str, ...]


@dataclass(frozen=True)
class Flag:
    name: str
    label: str
    spans: tuple[Span, ...]
    because: tuple[str, ...]


@dataclass(frozen=True)
class VideoReason:
    name: str
    label: str
    because: tuple[str, ...]


@dataclass(frozen=True)
class VideoNeed:
    """One thing that must be so before video is offered. State: "for", "against" or "ask"."""

    name: str
    label: str
    state: str
    because: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """What to ask next. ``could_change`` says in words what an answer would do."""

    key: str
    text: str
    why: str
    options: tuple[dict, ...]  # of {"value", "label"}
    could_change: str


@dataclass(frozen=True)
class SetAsideWords:
    """Words that sound like a cue and were ruled out."""

    name: str
    span: Span
    why: str


@dataclass(frozen=True)
class Result:
    """One assessment. ``grade`` 1 (immediate) to 4 (without deployment)."""

    policy_version: str
    grade: int
    because: tuple[str, ...]  # every rule that moved the grade, in order
    rests_on: tuple[str, ...]  # the flags without which the grade would be less urgent
    flags: tuple[Flag, ...]
    elements: dict[str, Element]
    video_offer: bool
    video_reasons: tuple[VideoReason, ...]
    video_needs: tuple[VideoNeed, ...]
    ask_next: tuple[Question, ...]
    doubts: tuple[str, ...]
    set_aside: tuple[SetAsideWords, ...]
    dismissed: tuple[Flag, ...] = ()  # heard, and left out because a person said so

    def as_dict(self):
        """Everything as lists and plain values, fit for JSON."""
        return _plain(asdict(self))

    def as_line(self):
        """The short form that other systems read, one a line."""
        return {
            "grade": self.grade,
            "flags": [flag.name for flag in self.flags],
            "video_offer": self.video_offer,
            "video_reasons": [reason.name for reason in self.video_reasons],
            "elements": {name: element.level for name, element in self.elements.items()},
            "because": list(self.because),
        }


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
