"""Ages as people say them: "my 4 yr old", "aged fourteen", "im 15", "she's only nine"."""

from dataclasses import dataclass

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = {
    w: 10 * n for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty".split(), 2)
}
_TENS["ninety"] = 90
_NUMBERS = {word: n for n, word in enumerate(_UNITS)} | _TENS

_YEARS = frozenset("year years yr yrs yo y".split())
_LEADS = frozenset("aged age".split())
_SOFT = frozenset("only just nearly almost about now actually like turned barely is".split())
_WAS = frozenset("was were when since".split())
# "I am 12 weeks pregnant", "she is 5 minutes away", "he is 6 foot": not an age.
_OTHER_UNITS = frozenset(
    "week weeks month months day days hour hours hrs hr minute minutes min mins miles mile stone"
    " foot feet ft percent pounds quid metres meters of times o pm am nil doors houses per".split()
)
_WHO = frozenset(
    "he she they i who daughter son sister brother girl boy grandson granddaughter"
    " nephew niece cousin child".split()
)


@dataclass(frozen=True)
class SpokenAge:
    years: int
    of_caller: bool
    past: bool  # an age at a time gone by: "when I was nine"
    start: int
    end: int
    text: str


def spoken_ages(text):
    """Every age given in the text, in order."""
    words = [token.word for token in text.tokens]
    ages = []
    i = 0
    while i < len(words):
        number, last = _number(words, i)
        if number is None:
            number, last = _joined(words[i]), i
            joined = number is not None
        else:
            joined = False
        if number is None or number > 110:
            i += 1
            continue
        age = _age(text, words, i, last, number, joined)
        if age:
            ages.append(age)
        i = last + 1
    return ages


def _age(text, words, first, last, number, joined):
    after = words[last + 1] if last + 1 < len(words) else ""
    then = words[last + 2] if last + 2 < len(words) else ""
    start = first
    lead = first - 1
    while lead >= 0 and words[lead] in _SOFT and words[lead] != "is" and lead > first - 3:
        lead -= 1
    before = words[lead] if lead >= 0 else ""
    before2 = words[lead - 1] if lead >= 1 else ""
    end = last
    if joined:
        pass
    elif after in ("yo", "y") or (after in _YEARS and then in ("old", "olds", "of")):
        end = last + (2 if then in ("old", "olds") else 1)
    elif after in ("month", "months", "week", "weeks", "day", "days") and then == "old":
        number, end = 0, last + 2
    elif before in _LEADS:
        start = lead
    elif before in ("am", "is", "was", "turned", "s") and (
        before2 in _WHO and after not in _OTHER_UNITS and after not in _YEARS
    ):
        start = lead - 1
        if after and after not in ".,?" and after not in _AFTER_AGE:
            return None
    else:
        return None
    if number == 0 and after not in ("month", "months", "week", "weeks", "day", "days"):
        return None
    near = words[max(0, start - 3) : last + 1]
    caller = "i" in near or "am" in near
    past = bool(_WAS & set(near)) and not {"am", "is"} & set(near)
    return SpokenAge(
        number, caller, past, text.tokens[start].start, text.tokens[end].end, text.quote(start, end)
    )


_AFTER_AGE = frozenset(
    "and but so years year now next with she he i they in on at who has have is today tomorrow"
    " this because going live lives living the my from please year autistic".split()
)


def _number(words, i):
    word = words[i]
    if word.isdecimal() and len(word) <= 3:
        return int(word), i
    if word in _TENS:
        if i + 1 < len(words) and 0 < _NUMBERS.get(words[i + 1], 0) < 10:
            return _TENS[word] + _NUMBERS[words[i + 1]], i + 1
        return _TENS[word], i
    if word in _NUMBERS:
        return _NUMBERS[word], i
    return None, i


def _joined(word):
    """ "14yo", "9yr", "15yrs": the number, else None."""
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyz")
    if digits and digits.isdecimal() and word[len(digits) :] in _YEARS:
        return int(digits)
    return None
