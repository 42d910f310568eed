"""The policy: everything a force may change about how reports are read and graded.

A policy is plain data (``triage/data/thrive_policy.toml`` is the one that ships). Reading it here
checks it whole, so that a draft with a slip in it is refused with the place named, and never
half works.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from .conditions import RANK, Condition, ConditionError, facts_of
from .patterns import Index, Pattern, PatternError, compile_pattern, literals
from .reading import ReadingRules
from .signals import raised_by
from .spelling import Spelling
from .vocabulary import ELEMENTS, FLAGS, STRUCTURED, VIDEO_REASONS

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "thrive_policy.toml"

TIMES = ("past", "recent", "now")
LISTENING = ("idioms", "not_negating", "not_real", "deceased", *TIMES)


class PolicyError(ValueError):
    """The policy cannot be used. The text says where and why, for the person editing it."""


@dataclass(frozen=True, eq=False)
class Cue:
    """Words to listen for and what they mean when nothing near rules them out."""

    raises: str
    say: str
    patterns: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]  # in the same sentence: the words mean something else
    elements: dict
    time: str | None  # what the words say of time by themselves
    fixed: bool  # the time of the words is never moved by a date near them
    drop_past: bool  # long past, the words raise nothing
    only_now: bool  # with a date near that is not now, the words raise nothing
    negatable: bool
    hint: bool  # counts only where the report as a whole reads like it


@dataclass(frozen=True)
class Answer:
    """What a structured answer, or a fact from earlier records, raises."""

    key: str
    raises: str
    say: str
    equals: object
    at_most: int | None
    at_least: int | None
    time: str
    elements: dict

    def holds(self, value):
        if value is None:
            return False
        if self.equals is not None:
            if isinstance(value, (list, tuple)):
                return self.equals in value
            return type(value) is type(self.equals) and value == self.equals
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        return (self.at_most is None or value <= self.at_most) and (
            self.at_least is None or value >= self.at_least
        )


@dataclass(frozen=True)
class Rule:
    """A condition over signals and what follows: a signal, a level, a grade or a reason."""

    when: Condition
    say: str
    raises: str = ""
    time: str | None = None
    elements: dict = field(default_factory=dict)
    grade: int = 0
    reason: str = ""
    doubt: bool = False
    ask: bool = False  # it stands against video only because it is not known
    hint: bool = False  # of a link: follows only where the report as a whole reads like it


@dataclass(frozen=True)
class QuestionRule:
    """A question for the handler; each option names what it would set or raise."""

    key: str
    text: str
    why: str
    when: Condition
    options: tuple  # of {"value", "label", "raises": [...]}
    always: bool  # worth asking even when no answer moves the grade
    order: int


class Policy:
    """A checked policy. Raises PolicyError when the data cannot be used."""

    @classmethod
    def from_toml(cls, text):
        try:
            return cls.from_dict(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"The policy is not valid TOML: {error}") from error

    @classmethod
    def from_dict(cls, data):
        return cls(data)

    def __init__(self, data):
        if not isinstance(data, dict):
            raise PolicyError("A policy is a table of settings")
        self.data = data
        self.version = str(_required(data, "version", "policy"))
        self._families = data.get("families", {})
        self.shorthand = {str(k).lower(): str(v) for k, v in data.get("shorthand", {}).items()}
        self._sources = []
        self._raised_by = {}

        listening = data.get("listening", {})
        self.listening = Index(
            (pattern, kind, ())
            for kind in LISTENING
            for pattern in self._patterns(listening.get(kind, []), f"listening.{kind}")
        )

        self.cues = tuple(self._cue(*row) for row in _rows(data, "cues"))
        self.cue_index = Index(
            (pattern, cue, cue.unless) for cue in self.cues for pattern in cue.patterns
        )
        self.answers = tuple(self._answer(*row) for row in _rows(data, "answers"))
        self.links = tuple(self._rule(*row, needs="raises") for row in _rows(data, "links"))
        self.levels = tuple(self._rule(*row, needs="elements") for row in _rows(data, "levels"))
        self.starts = tuple(self._rule(*row, needs="grade") for row in _rows(data, "starts"))
        self.floors = tuple(self._rule(*row, needs="grade") for row in _rows(data, "floors"))
        self.video = tuple(self._rule(*row, needs="reason") for row in _rows(data, "video"))
        self.doubts = tuple(self._rule(*row, needs="say") for row in _rows(data, "doubts"))
        self.questions = tuple(
            self._question(where, row, order)
            for order, (where, row) in enumerate(_rows(data, "questions"))
        )
        self.reading = _reading(data)
        if not self.starts:
            raise PolicyError("The policy has no starting grades ([[starts]])")
        self._check_names()

    def __repr__(self):
        return f"<Policy {self.version}>"

    @cached_property
    def spelling(self):
        words, guesses = set(), set()
        for source in self._sources:
            for pool, found in zip((words, guesses), literals(source, self._families), strict=True):
                pool |= found
        # Words in their own right that look like a slip of one the policy listens for.
        alone = self.data.get("leave_alone", "")
        known = set(alone.split() if isinstance(alone, str) else alone) | set(self.shorthand)
        for plain in self.shorthand.values():
            known.update(plain.split())
        return Spelling(words, guesses, known)

    def _patterns(self, sources, where):
        patterns = []
        for source in sources:
            try:
                patterns.append(compile_pattern(source, self._families))
            except PatternError as error:
                raise PolicyError(f"{where}: {error}") from error
            self._sources.append(source)
        return tuple(patterns)

    def _cue(self, where, row):
        time = row.get("time")
        _one_of(time, (None, *TIMES), where, "time")
        return Cue(
            raises=_required(row, "raises", where),
            say=_required(row, "say", where),
            patterns=self._patterns(_required(row, "patterns", where), where),
            unless=self._patterns(row.get("unless", []), where),
            elements=_elements(row, where),
            time=time,
            fixed=bool(row.get("fixed", False)),
            drop_past=bool(row.get("drop_past", False)),
            only_now=bool(row.get("only_now", False)),
            negatable=bool(row.get("negatable", True)),
            hint=bool(row.get("hint", False)),
        )

    def _answer(self, where, row):
        time = row.get("time", "recent")
        _one_of(time, TIMES, where, "time")
        return Answer(
            key=_required(row, "key", where),
            raises=_required(row, "raises", where),
            say=_required(row, "say", where),
            equals=row.get("equals"),
            at_most=row.get("at_most"),
            at_least=row.get("at_least"),
            time=time,
            elements=_elements(row, where),
        )

    def _rule(self, where, row, needs):
        _required(row, needs, where)
        if needs == "grade":
            _one_of(row["grade"], (1, 2, 3, 4), where, "grade")
        if needs == "reason":
            _one_of(row["reason"], VIDEO_REASONS, where, "reason")
        _one_of(row.get("time"), (None, *TIMES), where, "time")
        return Rule(
            when=_condition(row.get("when", []), where),
            say=_required(row, "say", where),
            raises=row.get("raises", ""),
            time=row.get("time"),
            elements=_elements(row, where),
            grade=row.get("grade", 0),
            reason=row.get("reason", ""),
            doubt=bool(row.get("doubt", False)),
            ask=bool(row.get("ask", False)),
            hint=bool(row.get("hint", False)),
        )

    def _question(self, where, row, order):
        return QuestionRule(
            key=_required(row, "key", where),
            text=_required(row, "text", where),
            why=_required(row, "why", where),
            when=_condition(row.get("when", []), where),
            options=tuple(_required(row, "options", where)),
            always=bool(row.get("always", False)),
            order=order,
        )

    def raised_by(self, key, value):
        """(name, time) of what an answer raises by itself and a rule of grade or video asks for."""
        place = key, type(value), value
        if place not in self._raised_by:
            self._raised_by[place] = tuple(
                (name, time)
                for name, time in raised_by(key, value, self)
                if name in self._decisive_names
            )
        return self._raised_by[place]

    @cached_property
    def linked_facts(self):
        """Every fact that a link may bring about."""
        return frozenset(
            fact
            for link in self.links
            for time in RANK.values()
            for fact in facts_of(link.raises, time)
        )

    @cached_property
    def _decisive_names(self):
        rules = (*self.links, *self.starts, *self.floors, *self.video)
        return frozenset(name for rule in rules for name in rule.when.names())

    @cached_property
    def floors_by_grade(self):
        """The floors, those of the most urgent grade first."""
        return tuple(sorted(self.floors, key=lambda floor: floor.grade))

    @cached_property
    def signals(self):
        """Every name that something in the policy can raise."""
        names = set(FLAGS) | BUILT_IN
        for row in (*self.cues, *self.answers, *self.links):
            names.add(row.raises)
        for question in self.questions:
            for option in question.options:
                names.update(option.get("raises", ()))
        return frozenset(names)

    def _check_names(self):
        rules = (
            *self.links,
            *self.levels,
            *self.starts,
            *self.floors,
            *self.video,
            *self.doubts,
            *self.questions,
        )
        for rule in rules:
            for name in rule.when.names():
                if name not in self.signals:
                    raise PolicyError(f"A rule asks for “{name}”, which nothing raises")


# Raised by the engine itself, from ages, answers and what it could not read.
BUILT_IN = frozenset(
    "child_spoken_of young_child_spoken_of caller_is_child older_person_spoken_of"
    " victim_is_child victim_age_known few_words nothing_recognised channel_999"
    " adult_spoken_of child_not_victim short_answers unread may_be_immediate may_be_priority"
    " caller_age_said reads_immediate reads_priority reads_scheduled".split()
)


@lru_cache(maxsize=1)
def default_policy():
    """The policy that ships with the code."""
    return Policy.from_toml(SHIPPED.read_text(encoding="utf-8"))


def _reading(data):
    """The policy's ReadingRules, or None where it does without a reader."""
    given = data.get("reading")
    if not given:
        return None
    try:
        rules = ReadingRules(
            weights=str(given["weights"]),
            flag_at={name: _share(given, "flags", name, given["flag_at"]) for name in FLAGS},
            hint_at=_share(given, "hint_at"),
            immediate_at=_share(given, "immediate_at"),
            priority_at=_share(given, "priority_at"),
            scheduled_at=_share(given, "scheduled_at"),
            may_be_immediate_at=_share(given, "may_be_immediate_at"),
            may_be_priority_at=_share(given, "may_be_priority_at"),
        )
    except KeyError as error:
        raise PolicyError(f"reading: {error.args[0]} is missing") from error
    if unknown := set(given.get("flags", ())) - set(FLAGS):
        raise PolicyError(f"reading.flags: {sorted(unknown)} are not flags")
    if not rules.path.is_file():
        raise PolicyError(f"reading: there are no weights of the name “{rules.weights}”")
    return rules


def _share(given, *path):
    """The number between 0 and 1 at ``path``, the last of which may be a default."""
    default = path[-1] if isinstance(path[-1], (int, float)) else None
    names = path[: -1 if default is not None else None]
    value = given
    for name in names[:-1]:
        value = value.get(name, {})
    value = value[names[-1]] if default is None else value.get(names[-1], default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise PolicyError(f"reading: {names[-1]} must be between 0 and 1")
    return float(value)


def _rows(data, name):
    rows = data.get(name, [])
    if not isinstance(rows, list):
        raise PolicyError(f"{name} must be a list of tables ([[{name}]])")
    for number, row in enumerate(rows, 1):
        label = row.get("raises") or row.get("key") or row.get("reason") or ""
        yield f"{name} {number} {label}".strip(), row


def _required(row, key, where):
    value = row.get(key)
    if value is None or value == "" or value == []:
        raise PolicyError(f"{where}: “{key}” is missing")
    return value


def _one_of(value, allowed, where, key):
    if value not in allowed:
        raise PolicyError(f"{where}: “{key}” cannot be {value!r}")


def _elements(row, where):
    elements = row.get("elements", {})
    for name, level in elements.items():
        if name not in ELEMENTS or level not in (1, 2, 3):
            raise PolicyError(f"{where}: “{name} = {level}” is not an element and level")
    return elements


def _condition(when, where):
    try:
        return Condition(when)
    except ConditionError as error:
        raise PolicyError(f"{where}: {error}") from error


__all__ = ["BUILT_IN", "STRUCTURED", "Policy", "PolicyError", "default_policy"]
