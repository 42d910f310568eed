"""A day of a control room, minute by minute on a clock of its own, through the services.

999 and 101 calls have a handler; online, chat and social reports are graded by the engine and wait
for a person. Every open incident is assessed again before its review is due, except in two hours
when nobody comes to it: those reviews must reach the team leader. At midnight nothing may be left
that no person has looked at in time and nobody was told of. Shares of doors and grades, and the
shape of the day, are those of a medium force.
"""

import heapq
import random
import sys
import tempfile
import time
import tomllib
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
MINUTES = 24 * 60
DOORS = {"999": 750, "101": 800, "online": 150, "chat": 40, "social": 10}
GRADES = {1: 18, 2: 32, 3: 22, 4: 28}
# Reports an hour, from midnight on, of a thousand a day.
HOURS = [
    30,
    24,
    20,
    16,
    14,
    16,
    22,
    30,
    40,
    48,
    50,
    50,
    50,
    50,
    50,
    52,
    56,
    60,
    62,
    60,
    56,
    52,
    48,
    44,
]
LONGEST_OPEN = {1: 180, 2: 360, 3: 4000, 4: 60}  # minutes
# Numbers that are given out for fiction, and no others: a thousand after each.
NUMBERS = (
    "+447700900",
    "+441134960",
    "+441144960",
    "+441154960",
    "+441164960",
    "+441174960",
    "+441214960",
    "+441314960",
    "+441414960",
    "+441514960",
    "+441614960",
    "+441914980",
    "+442079460",
    "+442896496",
    "+442920180",
    "+441632960",
    "+443069990",
)
SHORT_OF_STAFF = range(20 * 60, 22 * 60)
say = sys.stdout.write


def run(many):
    from bench import triage
    from victimcontact import engines

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="victimcontact-bench-") as folder, ExitStack() as stack:
        pair = engines.start(folder, throwaway=True)
        stack.callback(pair.stop, remove=True)
        environment = triage.environment(pair, folder)
        triage.manage("migrate", "--noinput", **environment, DATABASE_ROLE="owner")
        workers = [stack.enter_context(triage.child(environment)) for _ in range(2)]
        workers[0].ask("people")
        for number, worker in enumerate(workers):
            worker.ask(f"morning {many} {number} {len(workers)}")
        raised = 0
        for minute in range(MINUTES):
            for worker in workers:
                worker.put(f"minute {minute}")
            for worker in workers:
                worker.get()
            raised += workers[0].ask(f"late {minute}")["raised"]
            if minute % 240 == 239:
                say(f"{(minute + 1) // 60}:00 after {time.monotonic() - started:.0f} s\n")
                sys.stdout.flush()
        done = Counter()
        for worker in workers:
            done.update(worker.ask("evening"))
        left = workers[0].ask(f"left {MINUTES}")
    say(f"{done['reports']:,} reports in {time.monotonic() - started:.0f} s: ")
    say(
        ", ".join(f"{number:,} {name}" for name, number in done.items() if name != "reports") + "\n"
    )
    say(f"late reviews told to the team leader: {raised:,}, ")
    say(f"the slowest {left['slowest_s']:.0f} s after it was due\n")
    say(f"open at midnight: {left['open']:,}; late and nobody told: {left['untold']}; ")
    say(f"without a review to come: {left['without']}; no person ever looked: {left['unseen']}\n")
    if left["untold"] or left["without"] or left["unseen"]:
        raise SystemExit("Something was left unreviewed.")


class Part:
    """What one process does of the day: its share of the reports, and what follows from each."""

    def __init__(self, many, number, parts):
        from triage import assessing, policies
        from victimcontact.accounts.models import Force, User

        self.random = random.Random(number)
        self.force = Force.objects.get()
        self.people = list(User.objects.filter(username__startswith="handler").order_by("username"))
        self.done, self.todo, self.order = Counter(), [], 0
        self.policy = policies.published(at=MIDNIGHT)
        self.words = {grade: [] for grade in GRADES}
        file = Path(__file__).resolve().parents[1] / "triage" / "data" / "demonstration_cases.toml"
        for case in tomllib.loads(file.read_text())["cases"]:
            known = assessing.Known(case["channel"], case["narrative"], case.get("structured", {}))
            graded = assessing.score(known, policy=self.policy, questions=False)
            self.words[graded.grade].append((case["narrative"], case.get("structured", {})))
        for hour, share in enumerate(HOURS):
            for _ in range(round(many * share / sum(HOURS) / parts)):
                self.plan(hour * 60 + self.random.randrange(60), self.report)

    def plan(self, minute, work, *about):
        self.order += 1
        heapq.heappush(self.todo, (minute, self.order, work, about))

    def live(self, minute):
        while self.todo and self.todo[0][0] <= minute:
            _, _, work, about = heapq.heappop(self.todo)
            work(minute, *about)

    def report(self, minute):
        from triage import assessing, intake

        grade = self.random.choices(list(GRADES), GRADES.values())[0]
        grade = grade if self.words[grade] else 2
        narrative, answers = self.random.choice(self.words[grade])
        channel = self.random.choices(list(DOORS), DOORS.values())[0]
        someone = self.random.randrange(40_000)
        report = intake.NewReport(
            channel=channel,
            narrative=narrative,
            caller=intake.Person(
                name=f"Robin {someone}",
                phone=f"{NUMBERS[someone // 1000 % len(NUMBERS)]}{someone % 1000:03}",
            ),
            location=f"{someone % 90 + 1} Example Street {someone}",
            answers=answers,
        )
        now = at(minute)
        if channel in intake.FROM_A_CALL:
            by = self.random.choice(self.people)
            known = assessing.Known(channel, narrative, answers)
            decision = assessing.Decision(assessing.score(known, policy=self.policy).grade)
            incident = intake.record(report, force=self.force, decision=decision, by=by, at=now)
        else:
            incident = intake.receive(report, force=self.force, at=now, came_by="online report")
            self.plan(minute + self.random.randint(1, 5), self.assess, incident)
            self.done["graded by the engine first"] += 1
        self.done["reports"] += 1
        ends = minute + self.random.randint(
            LONGEST_OPEN[incident.grade] // 2, LONGEST_OPEN[incident.grade]
        )
        self.plan(ends, self.close, incident)
        self.plan(minute + 200, self.assess_again, incident)

    def assess_again(self, minute, incident):
        if minute in SHORT_OF_STAFF:
            self.plan(SHORT_OF_STAFF.stop, self.assess_again, incident)
            return
        if self.assess(minute, incident):
            self.plan(minute + 200, self.assess_again, incident)

    def assess(self, minute, incident):
        from triage import assessing

        incident.refresh_from_db()
        if incident.status != "open":
            return False
        current = incident.current_assessment
        answers = dict(current.answers)
        known = assessing.Known(
            incident.channel, incident.narrative, answers, answers.pop("history", None)
        )
        assessing.assess(
            incident,
            known=known,
            decision=assessing.Decision(min(current.decided_grade, current.recommended_grade)),
            by=self.random.choice(self.people),
            at=at(minute),
        )
        self.done["assessed again"] += 1
        return True

    def close(self, minute, incident):
        from triage.control import closing

        incident.refresh_from_db()
        if not incident.is_seen:
            self.plan(minute + 5, self.close, incident)  # nobody closes what nobody has seen
            return
        by = self.random.choice(self.people)
        outcome = "advice" if incident.grade == 4 else "victim-withdrew"
        closing.close(incident, outcome=outcome, reason="Done", told="call", by=by, at=at(minute))
        self.done["closed"] += 1


def at(minute):
    return MIDNIGHT + timedelta(minutes=minute)
