"""How an attempt is scored: the same attempt always gives the same points. Plain values alone.

100 points: the grade 40, the flags that stand 20, what was asked 20, whether video could be
offered 10, words of one's own where they matter 10.
"""

from dataclasses import dataclass

from triage.quality.practice.cases import Case
from triage.thrive import ELEMENTS, FLAGS

GRADE, FLAG, ASK, VIDEO, WORDS = 40, 20, 20, 10, 10
TOO_URGENT = {1: 25, 2: 10}  # points by how many steps; more steps give none
NEEDLESS = 2  # points off for each flag that stands without need
FEWEST_WORDS = 3


@dataclass(frozen=True)
class Part:
    """One part of the score, and why it is so."""

    title: str
    points: int
    most: int
    says: str


@dataclass(frozen=True)
class Tried:
    """What was decided in an attempt. ``flags`` are those that stood, ``dismissed`` those not."""

    grade: int
    flags: frozenset[str]
    dismissed: frozenset[str]
    video: bool
    asked: tuple[str, ...]
    rationales: dict


@dataclass(frozen=True)
class Best:
    """What the engine makes of a handler who hears and asks everything. Nobody can do better."""

    flags: frozenset[str]
    video: bool


def score(case: Case, tried: Tried, best: Best, questions: dict) -> tuple[Part, ...]:
    """The parts of the score, their points summing to 100 at most. ``questions``: {key: text}.

    A handler never pays for what the policy in force does not hear: flags and video count only
    as far as ``best`` reaches them.
    """
    return (
        _grade(case, tried),
        _flags(case, tried, best),
        _asked(case, tried, questions),
        _video(case, tried, best),
        _words(case, tried),
    )


def _grade(case, tried):
    right = case.exemplar.grades
    wanted = " or ".join(str(grade) for grade in sorted(right))
    if tried.grade in right:
        return Part("Grade", GRADE, GRADE, f"Grade {tried.grade} is right.")
    if tried.grade > max(right):
        return Part(
            "Grade",
            0,
            GRADE,
            f"Grade {tried.grade} is less urgent than right, which is {wanted}: help would have"
            " come too late.",
        )
    points = TOO_URGENT.get(min(right) - tried.grade, 0)
    return Part(
        "Grade",
        points,
        GRADE,
        f"Grade {tried.grade} is more urgent than right, which is {wanted}. Safe for this caller,"
        " but an officer is missing elsewhere.",
    )


def _flags(case, tried, best):
    right = case.exemplar
    wanted = right.flags & best.flags
    missing = sorted(wanted - tried.flags)
    needless = sorted(tried.flags - right.flags - right.optional_flags - best.flags)
    share = (len(wanted) - len(missing)) / len(wanted) if wanted else 1
    points = max(0, int(FLAG * share) - NEEDLESS * len(needless))
    says = []
    for name in missing:
        how = "you dismissed it" if name in tried.dismissed else "not raised"
        says.append(f"“{FLAGS[name]}” is missing: {how}.")
    if needless:
        says.append(f"Without need: {_listed(FLAGS[name] for name in needless)}.")
    if unheard := sorted(right.flags - best.flags):
        says.append(
            f"Not heard from the words, and yours to know: {_listed(FLAGS[n] for n in unheard)}."
        )
    return Part("Flags", points, FLAG, " ".join(says) or "Everything that mattered was raised.")


def _asked(case, tried, questions):
    must = case.exemplar.must_ask
    missed = [key for key in must if key not in tried.asked]
    points = ASK * (len(must) - len(missed)) // len(must) if must else ASK
    if not missed:
        says = "You asked everything that could change it." if must else "Nothing had to be asked."
    else:
        says = "Not asked: " + " ".join(f"“{questions.get(key, key)}”" for key in missed)
    return Part("Questions", points, ASK, says)


def _video(case, tried, best):
    right = case.exemplar.video
    if best.video != right and tried.video != right:
        may = "could be one of the three" if right else "must not be offered"
        return Part("Video", VIDEO, VIDEO, f"Here it {may}: the rules in force say otherwise.")
    if tried.video == right:
        may = "may be offered" if right else "may not be offered"
        return Part("Video", VIDEO, VIDEO, f"As you left it, video {may}: right.")
    if tried.video:
        says = "As you left it, video could be offered. Here it must not be."
    else:
        says = "As you left it, video was shut. Here it could be one of the three."
    return Part("Video", 0, VIDEO, says)


def _words(case, tried):
    wanted = case.exemplar.elements
    missing = [
        name for name in wanted if len(tried.rationales.get(name, "").split()) < FEWEST_WORDS
    ]
    points = WORDS * (len(wanted) - len(missing)) // len(wanted) if wanted else WORDS
    if not missing:
        says = "Your reasons stand where a reviewer looks for them."
    else:
        says = f"No words of your own on {_listed(ELEMENTS[name].lower() for name in missing)}."
    return Part("Own words", points, WORDS, says)


def _listed(names):
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
