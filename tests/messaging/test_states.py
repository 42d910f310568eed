"""The page that shows the states says what the code says."""

from django.core.management import call_command

from messaging.models import Notification
from victimcontact.management.commands import draw_states


def test_the_drawn_states_are_those_of_the_code():
    """If this fails: manage.py draw_states."""
    call_command("draw_states", check=True)


def test_every_state_is_left_for_a_state_that_exists_or_for_none():
    states = set(Notification.Status)

    assert set(Notification.TRANSITIONS) == states
    assert all(following <= states for following in Notification.TRANSITIONS.values())
    page = draw_states.draw()
    assert "    sent --> delivered\n" in page
    assert "    delivered --> [*]\n" in page
    assert "    delivered --> undelivered" not in page
