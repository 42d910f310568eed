"""How fast the THRIVE engine reads: one 120-word report, the same with questions, and a long batch.

Run: python bench/thrive.py. Prints ratios within one run, since machines differ: a report against
reading the same words with a policy that listens for nothing, memory before and after a batch, and
one keystroke's round trip through the whole house (words kept, scored, panel drawn) against a view
that answers a constant through the same server. As a page does, the keystroke names the parts of
the panel that are shown already.
"""

import itertools
import re
import resource
import sys
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import served
from triage import thrive

WORDS = (
    "I left my husband in August after eleven years and since then he has turned up at the school"
    " gates four times. He messages me all day from different numbers and he always knows where I"
    " am. When we were together he controlled the money and I had to ask before I bought anything."
    " Last night he sat outside the house with his lights off for two hours and the children saw"
    " him. He has not hit me since I left but it is getting worse and I do not know what he will do"
    " next. I have kept the messages. I am at work until five and then I have to go home, please"
    " tell me what I can do about it because I am really scared."
)
ANSWERS = {"victim_age": 38, "offender_present": False, "has_smartphone": True, "has_data": True}
DEAF = {
    "version": "deaf",
    "starts": [{"grade": 3, "say": "nothing is listened for"}],
}
BATCH = 10_000


def main():
    policy, deaf = thrive.default_policy(), thrive.Policy.from_dict(DEAF)
    numbers = itertools.count()

    def fresh():
        # No sentence was read before: the engine remembers those that were.
        return thrive.Report("101", WORDS.replace(".", f" {next(numbers)}."), ANSWERS)

    again = fresh()
    reading = _milliseconds(lambda: thrive.assess(fresh(), deaf, questions=False))
    plain = _milliseconds(lambda: thrive.assess(fresh(), policy, questions=False))
    asking = _milliseconds(lambda: thrive.assess(fresh(), policy))
    once_more = _milliseconds(lambda: thrive.assess(again, policy))
    say = sys.stdout.write
    say(f"{len(WORDS.split())} words: {plain:.1f} ms, {plain / reading:.1f} times reading alone\n")
    say(f"with questions: {asking:.1f} ms, {asking / plain:.1f} times without\n")
    say(f"with questions, sentences read before: {once_more:.1f} ms\n")
    before = _peak_megabytes()
    started = time.perf_counter()
    for _ in range(BATCH):
        thrive.assess(fresh(), policy, questions=False)
    seconds = time.perf_counter() - started
    say(f"{BATCH:,} reports: {BATCH / seconds:.0f} a second\n")
    say(f"memory: {before:.0f} MB before, {_peak_megabytes():.0f} MB after\n")
    _typing()


def _typing(rounds=60):
    with served.house() as house:
        handler = served.Browser(house.url, "call_handler")
        draft = uuid.uuid4()
        handler.ask(f"/triage/new/{draft}/")
        version, shown = 0, {}
        form = {"channel": "101", "victim_age": "38", "has_smartphone": "yes", "has_data": "yes"}

        def keystroke(number):
            nonlocal version
            words = f"{WORDS} {'and so on '[: number % 10 + 1]}{number}"
            handler.headers["X-Panel"] = " ".join(f"{part}={is_}" for part, is_ in shown.items())
            answer = handler.give(
                f"/triage/new/{draft}/score/", narrative=words, version=version, **form
            )
            version = int(answer.headers["X-Draft-Version"])
            shown.update(re.findall(r'id="part-(\w+)" data-digest="(\w+)"', answer.text))

        for number in range(10):
            keystroke(number)
        taken = served.interleaved(
            rounds, constant=lambda _: handler.ask("/triage/token/"), typing=keystroke
        )
    ratio = taken["typing"] / taken["constant"]
    sys.stdout.write(
        f"typing: {taken['typing']:.1f} ms a keystroke, {ratio:.1f} times a constant view"
        f" ({taken['constant']:.1f} ms)\n"
    )


def _milliseconds(work, times=40):
    work()
    best = min(_timed(work) for _ in range(times))
    return best * 1000


def _timed(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
