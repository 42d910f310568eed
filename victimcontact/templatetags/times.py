"""Times on pages, by the one place that writes them (``lib.local_time``)."""

from django import template

from victimcontact.lib import local_time

register = template.Library()
for _name in ("say_when", "say_day", "say_time", "say_short", "staff_time"):
    register.filter(_name, getattr(local_time, _name))
