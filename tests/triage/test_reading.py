"""What the reader may do and what it may not: raise, in the caller's words, and nothing else."""

import tomllib
from dataclasses import replace

import pytest

from triage import thrive
from triage.thrive import meaning, reading
from triage.thrive.policy import SHIPPED
from triage.thrive.signals import UNREAD, gather, listen

POLICY = thrive.default_policy()
WITHOUT = thrive.Policy.from_dict(
    {k: v for k, v in tomllib.loads(SHIPPED.read_text(encoding="utf-8")).items() if k != "reading"}
)
# Nobody in it names what happens, and no pattern hears it.
TOLD_OTHERWISE = (
    "The new lad at the nail place on Castle Street can't be more than nineteen. Every night the"
    " same van drops eight of them at the flat over the bookie's and the driver locks the street"
    " door behind them. He told my wife he never sees his wages, it all goes to the man who"
    " brought him over, and he isn't to talk to customers."
)


def assess(words, policy=POLICY, channel="101", **structured):
    return thrive.assess(thrive.Report(channel, words, structured), policy, questions=False)


def flags(result):
    return {flag.name: flag for flag in result.flags}


def test_it_hears_what_no_pattern_does():
    assert "modern_slavery" not in flags(assess(TOLD_OTHERWISE, WITHOUT))

    assert "modern_slavery" in flags(assess(TOLD_OTHERWISE))


def test_it_quotes_the_words_that_spoke_for_it():
    flag = flags(assess(TOLD_OTHERWISE))["modern_slavery"]

    (span,) = flag.spans
    assert TOLD_OTHERWISE[span.start : span.end] == span.text
    assert flag.because == (f"Reads like modern slavery or trafficking: “{span.text}”",)
    assert 0 < len(span.text.split()) <= reading.LONGEST_QUOTE


def test_a_grade_that_it_raises_says_so():
    result = assess(TOLD_OTHERWISE)

    assert result.grade <= 2
    (said,) = [line for line in result.because if line.startswith("floor: reads_priority")]
    quoted = said.split("“")[1].split("”")[0]
    assert quoted in TOLD_OTHERWISE


def test_a_short_report_is_left_to_the_patterns():
    for words in ("She told my sister “I will kill you both”", "my bike was stolen", "help"):
        assert assess(words).as_line() == assess(words, WITHOUT).as_line()


def test_without_it_every_hint_counts():
    hints = {cue.raises for cue in POLICY.cues if cue.hint}

    assert hints
    assert all(UNREAD.bears_out(name) for name in hints)


@pytest.mark.parametrize("name", sorted(reading.COULD_LOWER))
def test_a_flag_that_could_lower_is_named_and_moves_nothing(name):
    sure = POLICY.reading.flag_at | dict.fromkeys(thrive.FLAGS, 1.0)
    words = (
        "He has been threatening me all week and last night he stood outside with a knife and said"
        " he would kill me, and nobody has rung me back about my reference number since Monday."
    )
    report = thrive.Report("101", words)
    heard = listen(words, POLICY)
    eager = replace(POLICY.reading, flag_at=sure | {name: 0.0})
    verdict = eager.judge(heard, gather(heard, report, POLICY))

    signals = gather(heard, report, POLICY, verdict=verdict)

    assert name not in {signal for signal, *_ in verdict.raises}
    assert [signal.name for signal in signals.named] == [name]
    assert signals.get(name) is None or signals[name].hits


def test_what_is_immediate_is_at_least_a_priority():
    heard = listen(TOLD_OTHERWISE, POLICY)
    sure = (
        reading.reader(POLICY.reading.weights)
        .read(heard, gather(heard, thrive.Report("101", TOLD_OTHERWISE), POLICY))
        .sure
    )

    assert sure["grade 1"] <= sure["grade 2"] <= sure["grade 3"]


def test_words_near_in_meaning_stand_near():
    near = meaning.word_vectors()

    assert near.of("husband") @ near.of("partner") > 2 * abs(near.of("husband") @ near.of("table"))
    assert near.of("qqzzxxv") is None


def test_a_telephone_says_nothing_of_danger():
    known = {"has_smartphone": True, "has_data": True, "wants_attendance": False}
    heard = listen(TOLD_OTHERWISE, POLICY)

    def signs(**structured):
        report = thrive.Report("101", TOLD_OTHERWISE, structured)
        return reading.features(heard, gather(heard, report, POLICY)).signs

    assert signs(**known) == signs()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": "no such"}, "no weights of the name"),
        ({"hint_at": 1.5}, "hint_at must be between 0 and 1"),
        ({"flags": {"no_such_flag": 0.5}}, "are not flags"),
        ({"weights": None}, "weights"),
    ],
)
def test_a_slip_in_the_policy_is_told(change, says):
    data = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    data["reading"] |= change
    data["reading"] = {k: v for k, v in data["reading"].items() if v is not None}

    with pytest.raises(thrive.PolicyError, match=says):
        thrive.Policy.from_dict(data)


def test_a_caller_who_said_their_age_is_not_asked_for_it():
    words = "I'm 84 and somebody has had my purse out of my bag in the market this morning."
    asked = thrive.assess(thrive.Report("101", words), POLICY).ask_next

    assert asked
    assert "victim_age" not in {question.key for question in asked}


def test_words_of_which_the_reader_knows_none_are_read_all_the_same():
    said = thrive.assess(thrive.Report("social", "Mae ŵy ar y bwrdd. " * 1_060), POLICY)

    assert said.grade in (1, 2, 3, 4)
