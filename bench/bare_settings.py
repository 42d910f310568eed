"""The house's database, and for the rest what a new Django project has."""

from bench.usual import USUAL
from victimcontact.settings import DATABASES, SECRET_KEY  # noqa: F401

ROOT_URLCONF = "bench.bare_urls"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]
MIDDLEWARE = USUAL
