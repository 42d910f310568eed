"""What was heard: hits in the text, and the signals they add up to."""

from dataclasses import dataclass, field
from functools import cached_property

from .ages import spoken_ages
from .conditions import NOW, PAST, RANK, RECENT, Known
from .context import Context
from .text import SENTENCE_ENDS, read

ENOUGH_TO_READ = 20  # words; with fewer the patterns alone decide, and every hint counts


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
    hint: bool = False  # counts only where the report as a whole reads like it


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

    @cached_property
    def spoken(self):
        """How many words were said."""
        return sum(token.word.isalnum() for token in self.text.tokens)

    @property
    def is_enough_to_read(self):
        """Whether so much was said that the report as a whole reads like anything."""
        return self.spoken >= ENOUGH_TO_READ

    @cached_property
    def of_the_text(self):
        """(name, why) of what the words show as a whole, whatever they say."""
        shown = []
        if self.spoken <= 6:
            shown.append(("few_words", "Hardly anything was said"))
        if _is_short_answers(self.text):
            shown.append(("short_answers", "Little was said beyond yes and no"))
        if not self.hits:
            shown.append(("nothing_recognised", "Nothing in the words was recognised"))
        return shown


@dataclass(frozen=True)
class Verdict:
    """What a report as a whole reads like; see ``reading``."""

    raises: tuple = ()  # (signal, why, hits)
    named: tuple = ()  # likewise, of flags that could make a rule say less: named, and no more
    likely: frozenset | None = None  # signals that hints may raise; None: all of them

    def bears_out(self, name):
        return self.likely is None or name in self.likely


# Without a reader every hint counts, and nothing is ruled out: doubt goes up.
UNREAD = Verdict(
    raises=tuple((name, "", ()) for name in ("unread", "may_be_immediate", "may_be_priority"))
)


class Signals(dict):
    """Signal by name.

    ``unlinked`` is what was Known before the policy's links were applied; ``named`` are Signals
    that people see and no rule hears of.
    """

    unlinked = None
    named = ()


def listen(narrative, policy):
    """Find every cue of the policy in the narrative."""
    text = read(narrative, policy.shorthand, policy.spelling)
    set_aside = []
    idioms = [
        (place.first, place.last)
        for place in policy.listening.places(text)
        if place.owner == "idioms"
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
    hits, seen = [], set()
    for found in policy.cue_index.places(text):
        cue, first, last = found.owner, found.first, found.last
        place = (cue.raises, first, last)
        if place in seen:
            continue
        why, time = _ruled_out(found, context)
        quote = text.quote(first, last)
        start, end = text.tokens[first].start, text.tokens[last].end
        if why:
            set_aside.append(SetAside(cue.raises, quote, start, end, why))
            continue
        seen.add(place)
        hits.append(Hit(cue.raises, cue.say, start, end, quote, time, cue.elements, cue.hint))
    hits.sort(key=lambda hit: (hit.start, hit.end))
    return Heard(text, hits, set_aside, spoken_ages(text))


def _ruled_out(found, context):
    """(reason or "", time) of one place where a cue's pattern stands."""
    text, cue = context.text, found.owner
    first, last = found.first, found.last
    if found.otherwise:
        return "the rest of the sentence gives it another meaning", RECENT
    if cue.negatable:
        for part in found.parts:
            denied = context.negated(*part, found.pattern)
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


def gather(heard, report, policy, without=(), verdict=UNREAD):
    """Signals, from the words, the structured answers and earlier records.

    Names in ``without`` are never raised, and so nothing follows from them. ``verdict`` is what
    the report as a whole reads like: it raises signals of its own, and bears out hints or not.
    """
    signals, places, known = Signals(), {}, Known()

    def add(name, time, because, hits=(), elements=None):
        if name in without:
            return
        signal = signals.get(name)
        if signal is None:
            signal = signals[name] = Signal(name, time)
        signal.time = max(signal.time, time)
        known.learn(name, time)
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
        # What is said to be happening now is never doubted away.
        if not hit.hint or hit.time == NOW or verdict.bears_out(hit.raises):
            add(hit.raises, hit.time, f"{hit.say}: “{hit.text}”", [hit], hit.elements)
    _add_ages(add, heard, report)
    given = {**(report.history or {}), **report.structured}
    for answer in policy.answers:
        value = given.get(answer.key)
        if answer.holds(value):
            add(answer.raises, RANK[answer.time], answer.say, elements=answer.elements)
    for question in policy.questions:
        value = given.get(question.key)
        if value is None:
            continue
        for option in question.options:
            if option.get("value") == value:
                for name in option.get("raises", ()):
                    add(name, RECENT, f"{question.text} {option['label']}")
    if report.channel == "999":
        add("channel_999", RECENT, "The report came by 999")
    for name, because in heard.of_the_text:
        add(name, RECENT, because)
    for name, because, hits in verdict.raises:
        add(name, RECENT, because, hits)
    signals.unlinked = known.copy()

    def follow(link, time, used):
        if link.hint and time != NOW and not verdict.bears_out(link.raises):
            return
        hits = [hit for name in used for hit in signals[name].hits]
        add(link.raises, time, link.say, hits, link.elements)

    apply_links(policy.links, known, follow)
    signals.named = [
        Signal(name, RECENT, list(hits), [because]) for name, because, hits in verdict.named
    ]
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


def apply_links(links, known, follow):
    """Apply the policy's links until nothing new follows from them.

    ``follow(link, time, used)`` is called for each that holds and has to teach ``known`` what the
    link raises; ``used`` names the signals that it rests on.
    """
    waiting = links
    for _ in range(4):
        left = []
        for link in waiting:
            if not link.when.met(known.facts):
                left.append(link)
                continue
            used = link.when.used(known.facts)
            times = known.times
            time = RANK[link.time] if link.time else max((times[n] for n in used), default=RECENT)
            follow(link, time, used)
        if len(left) == len(waiting):
            return
        waiting = left


def answered_ages(structured):
    """Yield (name, why, elements) of what the ages that were answered raise."""
    victim, caller = structured.get("victim_age"), structured.get("caller_age")
    if isinstance(victim, int):
        say = f"The victim is {victim}"
        yield "victim_age_known", "", {}
        if victim < 18:
            yield "victim_is_child", say, {"vulnerability": 2}
            yield "child_spoken_of", say, {}
            if victim <= 12:
                yield "young_child_spoken_of", say, {}
        elif victim >= 70:
            yield "older_person_spoken_of", say, {}
    if isinstance(caller, int) and caller < 18:
        say = f"The caller is {caller}"
        yield "caller_is_child", say, {"vulnerability": 2}
        yield "child_spoken_of", say, {}


def raised_by(key, value, policy):
    """(name, time) of all that the answer ``value`` to ``key`` raises by itself."""
    raised = [(name, RECENT) for name, _, _ in answered_ages({key: value})]
    raised += [
        (answer.raises, RANK[answer.time])
        for answer in policy.answers
        if answer.key == key and answer.holds(value)
    ]
    raised += [
        (name, RECENT)
        for question in policy.questions
        if question.key == key
        for option in question.options
        if option.get("value") == value
        for name in option.get("raises", ())
    ]
    return raised


def _add_ages(add, heard, report):
    for name, say, elements in answered_ages(report.structured):
        add(name, RECENT, say, elements=elements)
    for age in heard.ages:
        hit = Hit("age", "An age was given", age.start, age.end, age.text, RECENT, {})
        if age.of_caller and age.years >= 18 and not age.past:
            add("caller_age_said", RECENT, "")
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


__all__ = [
    "NOW",
    "PAST",
    "RECENT",
    "Heard",
    "Hit",
    "SetAside",
    "Signal",
    "Verdict",
    "gather",
    "listen",
]
