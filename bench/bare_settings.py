"""The house's database and nothing else of it."""

from victimcontact.settings import DATABASES, SECRET_KEY  # noqa: F401

ROOT_URLCONF = "bench.bare_urls"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = []
MIDDLEWARE = []
