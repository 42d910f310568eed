"""The house's settings, with the floors among its addresses."""

from victimcontact.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
