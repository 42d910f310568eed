"""Draw the states of everything that has some into docs/states.md, from the code alone."""

from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

PAGE = Path(settings.BASE_DIR) / "docs" / "states.md"
HEAD = """# States

Drawn from the code by `manage.py draw_states`; a test keeps it current. Where a status may go
stands beside each model as `TRANSITIONS`, and nothing may go elsewhere.
"""


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="fail where the page is old")

    def handle(self, *args, check, **options):
        drawn = draw()
        if not check:
            PAGE.write_text(drawn)
        elif not PAGE.exists() or PAGE.read_text() != drawn:
            raise CommandError("docs/states.md is old: run manage.py draw_states")


def draw() -> str:
    """The whole page."""
    found = [model for model in apps.get_models() if hasattr(model, "TRANSITIONS")]
    parts = [_model(model) for model in sorted(found, key=lambda model: model._meta.label)]
    return "\n".join([HEAD, *parts])


def _model(model):
    said = {}
    for status in model.TRANSITIONS:
        # A second colon would end what a diagram says of a state.
        said[str(status)] = str(getattr(status, "label", status)).replace(": ", ", ")
    lines = [f"## {model._meta.verbose_name.capitalize()} (`{model._meta.label}`)", ""]
    lines += ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {name} : {label}" for name, label in said.items()]
    first = next(iter(said))
    lines.append(f"    [*] --> {first}")
    for status, following in model.TRANSITIONS.items():
        for name in said:  # in the order of the model, whatever a set gives
            if name in {str(each) for each in following}:
                lines.append(f"    {status} --> {name}")
        if not following:
            lines.append(f"    {status} --> [*]")
    return "\n".join([*lines, "```", ""])
