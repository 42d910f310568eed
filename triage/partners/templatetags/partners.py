"""What the pages of partners need and a template cannot say."""

from django import template

register = template.Library()


@register.filter
def of_step(taken: dict, step):
    """The StepTaken that stands for ``step`` in {step's key: StepTaken}, or None."""
    return taken.get(step.key)
