"""How good a policy is on labelled reports: what it grades too low, overlooks, or offers in danger.

Plain values in and out. A labelled report is one as other systems send it (see ``thrive.Report``)
with what a competent assessment makes of it: ``id``, ``grade``, optionally ``also_right`` (other
grades that are as good), ``flags``, ``video_offer``, ``video_reasons`` and perhaps ``arguable``
(flags that count neither way) and ``like``, the id of a report that says the same in other words.
"""

import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property

from triage import thrive

CASES = "tests/triage/cases"  # under the checkout; no part of an installation
DANGEROUS = frozenset(
    {"immediate_risk", "offender_present", "not_safe_contact", "under_18_no_guardian"}
)


@dataclass(frozen=True)
class Judged:
    """One labelled report and what the policy made of it."""

    case: dict
    result: thrive.Result

    @property
    def grade(self):
        """The grade it should have: the given one where it is among those that are right."""
        if self.result.grade in self.case.get("also_right", ()):
            return self.result.grade
        return self.case["grade"]

    @cached_property
    def found(self):
        return {flag.name for flag in self.result.flags}

    @property
    def missed(self):
        return set(self.case["flags"]) - self.found

    @property
    def extra(self):
        return self.found - set(self.case["flags"]) - set(self.case.get("arguable", ()))

    @property
    def under(self):
        """Grade 1 or 2 was right, and a less urgent one was given."""
        return self.grade <= 2 and self.result.grade > self.grade

    @property
    def over(self):
        return self.result.grade < self.grade

    @property
    def dangerous(self):
        """Video was offered where it puts somebody in danger."""
        return self.result.video_offer and (
            self.grade <= 2 or bool(DANGEROUS & set(self.case["video_reasons"]))
        )

    @property
    def right(self):
        return (
            self.result.grade == self.grade
            and not self.missed
            and not self.extra
            and self.result.video_offer == self.case["video_offer"]
        )


def read(text):
    """The labelled reports of a text of JSON lines. Raises ValueError, naming the line."""
    cases = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            thrive.Report.from_dict(case)
            unknown = set(case["flags"]) - set(thrive.FLAGS)
            unknown |= set(case["video_reasons"]) - set(thrive.VIDEO_REASONS)
        except (ValueError, KeyError, thrive.ReportError) as error:
            raise ValueError(f"line {number}: {error}") from error
        if unknown or case["grade"] not in thrive.GRADES:
            raise ValueError(f"line {number}: not in the vocabulary: {sorted(unknown)}")
        cases.append(case)
    return cases


def read_all(path):
    """The labelled reports of a file, or of each file of JSON lines in a folder."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    cases = []
    for file in files:
        try:
            cases += read(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{file.name}, {error}") from error
    return cases


def is_for_tuning(case):
    """Half of the reports, by their id: the other half is held back and never tuned on.

    A paraphrase goes with the report it is ``like``. Reports marked ``seen`` were looked at one by
    one while the policy was written, or the reader learned from them, whichever half they fell in:
    they can prove nothing any more. Those marked ``held_back`` were never learned from.
    """
    if case.get("held_back"):
        return False
    if case.get("seen"):
        return True
    name = case.get("like") or case["id"]
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def judge(cases, policy):
    """Assess every case. Returns a list of Judged, in order."""
    return [
        Judged(case, thrive.assess(thrive.Report.from_dict(case), policy, questions=False))
        for case in cases
    ]


@dataclass(frozen=True)
class Figures:
    """What is measured. Shares are between 0 and 1; None where there was nothing to measure."""

    reports: int
    matrix: dict  # (right grade, given grade) to how many
    under_grading: float | None  # of the reports that are grade 1 or 2
    over_grading: float | None  # of those that could be graded too urgently: 2, 3 and 4
    kappa: float | None  # linear weights
    dangerous_video: int
    video_agreement: float | None
    flags: dict  # name to (right, missed, extra)
    recall: float | None  # over all flags
    precision: float | None
    stable: float | None  # paraphrases with the same grade as what they paraphrase


def figures(judged):
    """Measure a list of Judged. Returns Figures."""
    matrix = Counter((j.grade, j.result.grade) for j in judged)
    urgent = [j for j in judged if j.grade <= 2]
    calm = [j for j in judged if j.grade >= 2]
    flags = defaultdict(lambda: [0, 0, 0])
    for j in judged:
        for name in j.found & set(j.case["flags"]):
            flags[name][0] += 1
        for name in j.missed:
            flags[name][1] += 1
        for name in j.extra:
            flags[name][2] += 1
    right, missed, extra = (sum(row[n] for row in flags.values()) for n in range(3))
    by_id = {j.case["id"]: j for j in judged}
    pairs = [(j, by_id[j.case["like"]]) for j in judged if j.case.get("like") in by_id]
    return Figures(
        reports=len(judged),
        matrix=dict(matrix),
        under_grading=_share(sum(j.under for j in urgent), len(urgent)),
        over_grading=_share(sum(j.over for j in calm), len(calm)),
        kappa=linear_kappa(matrix),
        dangerous_video=sum(j.dangerous for j in judged),
        video_agreement=_share(
            sum(j.result.video_offer == j.case["video_offer"] for j in judged), len(judged)
        ),
        flags={name: tuple(flags[name]) for name in thrive.FLAGS if name in flags},
        recall=_share(right, right + missed),
        precision=_share(right, right + extra),
        stable=_share(sum(a.result.grade == b.result.grade for a, b in pairs), len(pairs)),
    )


def linear_kappa(matrix):
    """Cohen's kappa with linear weights of (right, given) counts; None for too little to say."""
    total = sum(matrix.values())
    if not total:
        return None
    right, given = Counter(), Counter()
    for (a, b), count in matrix.items():
        right[a] += count
        given[b] += count
    apart = sum(abs(a - b) * count for (a, b), count in matrix.items()) / total
    by_chance = sum(abs(a - b) * right[a] * given[b] for a in right for b in given) / (
        total * total
    )
    return None if not by_chance else 1 - apart / by_chance


def _share(part, whole):
    return part / whole if whole else None


# The goals of this house: (what, how it is measured, the bound, and whether more is better).
GOALS = (
    ("under-grading", "under_grading", 0.05, False),
    ("dangerous video offers", "dangerous_video", 0, False),
    ("recall of flags", "recall", 0.85, True),
    ("precision of flags", "precision", 0.85, True),
    ("linear kappa", "kappa", 0.80, True),
)


def goals_missed(measured):
    """The goals that are not met, in words; empty when all are."""
    missed = []
    for name, key, bound, more_is_better in GOALS:
        value = getattr(measured, key)
        if value is None:
            continue
        if value < bound if more_is_better else value > bound:
            missed.append(
                f"{name} is {value:.3g}, at {'least' if more_is_better else 'most'} {bound:.3g}"
            )
    return missed


def lines(measured):
    """The figures as lines of text."""

    def percent(value):
        return "not measured" if value is None else f"{100 * value:.1f}%"

    kappa = "not measured" if measured.kappa is None else f"{measured.kappa:.3f}"
    return [
        f"Reports: {measured.reports}",
        f"Under-grading (grade 1 or 2 was right, less urgent was given): "
        f"{percent(measured.under_grading)}",
        f"Over-grading (given more urgently than right): {percent(measured.over_grading)}",
        f"Kappa with linear weights: {kappa}",
        f"Dangerous video offers: {measured.dangerous_video}",
        f"Video answered rightly: {percent(measured.video_agreement)}",
        f"Flags, recall: {percent(measured.recall)}, precision: {percent(measured.precision)}",
        f"Same grade for a paraphrase: {percent(measured.stable)}",
    ]
