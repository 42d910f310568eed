"""How a draft stands, as the page says that is typed into."""

from dataclasses import dataclass

from victimcontact.lib import local_time


@dataclass(frozen=True)
class DraftState:
    """How the draft stands: "new", "saved", "behind" (another tab) or "recorded"."""

    name: str
    draft: object = None

    @property
    def saved_at(self):
        return local_time.local(self.draft.saved_at) if self.draft else None


def number(data, name) -> int:
    """A whole number that a page sent, 0 where it sent none."""
    text = data.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def first_values(form) -> dict:
    """What a draft kept, as a form's initial values."""
    return {name: values[0] for name, values in form.items() if values}
