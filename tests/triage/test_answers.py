"""The controls that are put together in Python: whatever is put into them stays text."""

from html.parser import HTMLParser

import pytest
from django import forms

from triage.templatetags.answers import answer, line_of, say
from victimcontact.templatetags.fields import field

EVIL = """"'><script>alert('x')</script>&amp;"""


class Evil(forms.Form):
    """Each control, with the same words wherever words go."""

    line = forms.CharField(label=EVIL, help_text=EVIL, initial=EVIL)
    words = forms.CharField(label=EVIL, initial=EVIL, widget=forms.Textarea)
    yes = forms.BooleanField(label=EVIL, help_text=EVIL)
    one = forms.ChoiceField(
        label=EVIL, choices=[(EVIL, EVIL)], initial=EVIL, widget=forms.RadioSelect
    )
    many = forms.MultipleChoiceField(
        label=EVIL, choices=[(EVIL, EVIL)], initial=[EVIL], widget=forms.CheckboxSelectMultiple
    )
    listed = forms.ChoiceField(label=EVIL, choices=[(EVIL, [(EVIL, EVIL)])], initial=EVIL)


class Read(HTMLParser):
    """The tags, the names and the values of attributes, and the text of some HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.names, self.values, self.said = set(), set(), set(), []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.values |= {value for _, value in attrs}

    def handle_data(self, data):
        self.said.append(data.strip())


@pytest.fixture
def form():
    """Not valid, and says so in the same words."""
    made = Evil({}, initial={})
    made.full_clean()
    for name in made.fields:
        made.add_error(name, EVIL)
    made.data = dict.fromkeys(made.fields, EVIL) | {"many": [EVIL]}
    return made


@pytest.mark.parametrize(
    ("draw", "name"),
    [
        (answer, "one"),
        (say, "line"),
        (lambda line: line_of(EVIL, line, ()), "line"),
        *((field, name) for name in Evil.base_fields),
    ],
)
def test_words_stay_words(form, draw, name):
    html = draw(form[name])

    read = Read(html)
    assert "script" not in read.tags
    assert not {each for each in read.names if not each.replace("-", "").isalpha()}
    assert EVIL in read.said
    if name not in ("words", "yes"):
        assert EVIL in read.values
