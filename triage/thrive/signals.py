"""What was heard: hits in the text, and the signals they add up to."""

from dataclasses import dataclass, field

from .ages import spoken_ages
from .conditions import NOW, PAST, RANK, RECENT
from .context import Context
from .text import SENTENCE_ENDS, read


@dataclass(frozen=True)
class Hit:
    """A cue in the narrative. ``start`` and ``end`` are character offsets, ``end`` exclusive."""

    raises: str
    say: str
    start: int
    end: int
    text: str
    time: int
    elements: dict


@dataclass
class Signal:
    """Something that is so, as far as is known, and why it is thought to be."""

    name: str
    time: int
    hits: list = field(default_factory=list)
    because: list = field(default_factory=list)  # sentences, first heard first
    elements: dict = field(default_factory=dict)


@dataclass(frozen=True)
class SetAside:
    """Words that sound like a cue and were ruled out, with the reason."""

    raises: str
    text: str
    start: int
    end: int
    why: str


@dataclass
class Heard:
    """All that the words alone give: hits, what was ruled out, and the plain text."""

    text: object
    hits: list
    set_aside: list
    ages: list


def listen(narrative, policy):
    """Find every cue of the policy in the narrative."""
    text = read(narrative, policy.shorthand, policy.spelling)
    set_aside = []
    idioms = [
        span
        for pattern, kind in policy.listening.possible(text.keys)
        if kind == "idioms"
        for span in pattern.find(text)
    ]
    for first, last in idioms:
        token = text.tokens
        set_aside.append(
            SetAside(
                "idiom",
                text.quote(first, last),
                token[first].start,
                token[last].end,
                "a figure of speech",
            )
        )
    text = text.without(idioms)
    context = Context(text, policy)
    hits, seen, elsewhere = [], set(), {}
    for pattern, cue in policy.cue_index.possible(text.keys):
        for first, last, parts in pattern.places(text):
            place = (cue.raises, first, last)
            if place in seen:
                continue
            if cue not in elsewhere:
                elsewhere[cue] = {
                    text.sentences[at]
                    for other in cue.unless
                    if other.may_match(text.keys)
                    for at, _ in other.find(text)
                }
            why, time = _ruled_out(cue, pattern, parts, context, elsewhere[cue])
            quote = text.quote(first, last)
            start, end = text.tokens[first].start, text.tokens[last].end
            if why:
                set_aside.append(SetAside(cue.raises, quote, start, end, why))
                continue
            seen.add(place)
            hits.append(Hit(cue.raises, cue.say, start, end, quote, time, cue.elements))
    hits.sort(key=lambda hit: (hit.start, hit.end))
    return Heard(text, hits, set_aside, spoken_ages(text))


def _ruled_out(cue, pattern, parts, context, unless):
    """(reason or "", time) of one place where a cue's pattern stands, in these parts."""
    text = context.text
    first, last = min(a for a, _ in parts), max(b for _, b in parts)
    if text.sentences[first] in unless:
        return "the rest of the sentence gives it another meaning", RECENT
    if cue.negatable:
        for part in parts:
            denied = context.negated(*part, pattern)
            if denied is not None:
                return f"denied by “{text.quote(denied, denied)}”", RECENT
    if context.about_the_dead(first):
        return "about somebody who has died", RECENT
    if context.not_real(first):
        return "about something that did not happen", RECENT
    own = RANK[cue.time] if cue.time else None
    time = own if cue.fixed else context.time(first, last)
    if cue.only_now and time in (RECENT, PAST):
        return "a time is named near it that is not now", time
    if time is None:
        time = RECENT if own is None else own
    if cue.drop_past and time == PAST:
        return "long past", time
    return "", time


def gather(heard, report, policy, extra=(), without=()):
    """Signals by name, from the words, the structured answers and earlier records.

    ``extra`` are names to take as raised, to find out what an answer would change; those in
    ``without`` are never raised, and so nothing follows from them.
    """
    signals, places = {}, {}

    def add(name, time, because, hits=(), elements=None):
        if name in without:
            return
        signal = signals.get(name)
        if signal is None:
            signal = signals[name] = Signal(name, time)
        signal.time = max(signal.time, time)
        held = places.setdefault(name, set())
        for hit in hits:
            # Not "hit in signal.hits": a long report has thousands, and each is compared.
            place = (hit.raises, hit.say, hit.start, hit.end, hit.time)
            if place not in held:
                held.add(place)
                signal.hits.append(hit)
        if because and because not in signal.because:
            signal.because.append(because)
        for element, level in (elements or {}).items():
            if level > signal.elements.get(element, (0, ""))[0]:
                signal.elements[element] = (level, because)

    for hit in heard.hits:
        add(hit.raises, hit.time, f"{hit.say}: “{hit.text}”", [hit], hit.elements)
    _add_ages(add, heard, report)
    known = {**(report.history or {}), **report.structured}
    for answer in policy.answers:
        value = known.get(answer.key)
        if answer.holds(value):
            add(answer.raises, RANK[answer.time], answer.say, elements=answer.elements)
    for name in extra:
        add(name, NOW, "answered")
    for question in policy.questions:
        value = known.get(question.key)
        for option in question.options:
            if value is not None and option.get("value") == value:
                for name in option.get("raises", ()):
                    add(name, RECENT, f"{question.text} {option['label']}")
    if report.channel == "999":
        add("channel_999", RECENT, "The report came by 999")
    spoken = sum(token.word.isalnum() for token in heard.text.tokens)
    if spoken <= 6:
        add("few_words", RECENT, "Hardly anything was said")
    if _is_short_answers(heard.text):
        add("short_answers", RECENT, "Little was said beyond yes and no")
    if not heard.hits:
        add("nothing_recognised", RECENT, "Nothing in the words was recognised")
    _link(signals, policy, add)
    return signals


_ANSWERS = frozenset("yes no ok okay right sure fine hm mm alright thanks".split())


def _is_short_answers(text):
    """True for a caller who answers "Yes. No. Yes." and says little else."""
    sentences = {}
    for number, token in zip(text.sentences, text.tokens, strict=True):
        if token.word not in SENTENCE_ENDS and token.word != ",":
            sentences.setdefault(number, []).append(token.word)
    short = [s for s in sentences.values() if len(s) <= 4 and s[0] in _ANSWERS]
    return len(short) >= 3 and 2 * len(short) >= len(sentences) - 1


def _link(signals, policy, add):
    """Apply the policy's links until nothing new follows from them."""
    applied = set()
    for _ in range(4):
        before = len(applied)
        for number, link in enumerate(policy.links):
            if number in applied or not link.when.holds(signals):
                continue
            applied.add(number)
            used = [signals[name] for name in link.when.used(signals)]
            hits = [hit for signal in used for hit in signal.hits]
            time = RANK[link.time] if link.time else max((s.time for s in used), default=RECENT)
            add(link.raises, time, link.say, hits, link.elements)
        if len(applied) == before:
            return


def _add_ages(add, heard, report):
    ages = list(heard.ages)
    victim = report.structured.get("victim_age")
    caller = report.structured.get("caller_age")
    if isinstance(victim, int):
        add("victim_age_known", RECENT, "")
        if victim < 18:
            add(
                "victim_is_child",
                RECENT,
                f"The victim is {victim}",
                elements={"vulnerability": 2},
            )
            add("child_spoken_of", RECENT, f"The victim is {victim}")
            if victim <= 12:
                add("young_child_spoken_of", RECENT, f"The victim is {victim}")
        elif victim >= 70:
            add("older_person_spoken_of", RECENT, f"The victim is {victim}")
    if isinstance(caller, int) and caller < 18:
        add("caller_is_child", RECENT, f"The caller is {caller}", elements={"vulnerability": 2})
        add("child_spoken_of", RECENT, f"The caller is {caller}")
    for age in ages:
        hit = Hit("age", "An age was given", age.start, age.end, age.text, RECENT, {})
        if age.years < 18 and age.past:
            continue
        if age.years < 18:
            say = f"A child of {age.years} is spoken of: “{age.text}”"
            add("child_spoken_of", RECENT, say, [hit], {"vulnerability": 1})
            if age.years <= 12:
                add("young_child_spoken_of", RECENT, say, [hit], {"vulnerability": 1})
            if age.of_caller:
                add("caller_is_child", RECENT, say, [hit], {"vulnerability": 2})
        elif age.years >= 70:
            add(
                "older_person_spoken_of",
                RECENT,
                f"A person of {age.years} is spoken of: “{age.text}”",
                [hit],
            )
        else:
            add("adult_spoken_of", RECENT, f"An adult of {age.years}: “{age.text}”", [hit])


__all__ = ["NOW", "PAST", "RECENT", "Heard", "Hit", "SetAside", "Signal", "gather", "listen"]
