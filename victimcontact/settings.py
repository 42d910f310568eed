"""Every setting, read from the environment (a secret also from the file named by NAME_FILE).

A missing value stops the start and says how to mend it.
"""

import base64
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from victimcontact.lib import dev_secrets

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

ENVIRONMENT = env("ENVIRONMENT", default="development")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured("ENVIRONMENT is development, test or production.")
PRODUCTION = ENVIRONMENT == "production"
STATE_DIR = Path(env("STATE_DIR", default=str(BASE_DIR / ".run")))
DEBUG = env.bool("DEBUG", default=False)
DEMONSTRATION = env.bool("DEMONSTRATION", default=not PRODUCTION)
FACE = env("FACE", default="all")  # which site this process serves: staff, public or all
if FACE not in {"staff", "public", "all"}:
    raise ImproperlyConfigured("FACE is staff, public or all.")
# Slug of the force that online reports and chats are for; empty: the first that was made.
PUBLIC_FORCE = env("PUBLIC_FORCE", default="")

_fallback = {} if PRODUCTION else dev_secrets.load(STATE_DIR)


def _secret(name):
    value = env(name, default=_fallback.get(name, ""))
    if not value:
        raise ImproperlyConfigured(f"Set {name}, or {name}_FILE to a file that holds it.")
    return value


def _key(name, text):
    # A key that is cut short would be found out by the first person whose name is to be kept.
    try:
        if len(base64.b64decode(text, validate=True)) == 32:
            return text
    except ValueError:
        pass
    raise ImproperlyConfigured(f"{name} holds a key that is not 32 bytes in base64.")


SECRET_KEY = _secret("SECRET_KEY")
FIELD_KEYS = {}
for _item in _secret("FIELD_KEYS").split(","):
    _number, _, _text = _item.partition(":")
    if not (_number.isdecimal() and 0 < int(_number) < 256):
        raise ImproperlyConfigured("FIELD_KEYS is like 1:key,2:key with numbers up to 255.")
    FIELD_KEYS[_number] = _key("FIELD_KEYS", _text)
INDEX_KEY = _key("INDEX_KEY", _secret("INDEX_KEY"))

if PRODUCTION:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG shows people's data. Unset it in production.")
    if DEMONSTRATION:
        raise ImproperlyConfigured("DEMONSTRATION lets anyone sign in. Unset it in production.")
    if len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("SECRET_KEY is at least 50 characters in production.")
    for _name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "STAFF_URL", "SOCKET_URL"):
        if not env(_name, default=""):
            raise ImproperlyConfigured(f"Set {_name} in production.")
    if FACE == "all":
        raise ImproperlyConfigured("Set FACE to staff or public: each site has its own process.")

# --- Where people reach it -------------------------------------------------------------------

STAFF_URL = env("STAFF_URL", default="http://localhost:8000").rstrip("/")
PUBLIC_URL = env("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
SOCKET_URL = env("SOCKET_URL", default="ws://localhost:8001").rstrip("/")
# Where the house itself reaches its socket server: inside, past any proxy.
SIGNALLING_URL = env("SIGNALLING_URL", default=SOCKET_URL).rstrip("/")
EXIT_URL = env("EXIT_URL", default="https://www.bbc.co.uk/weather")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "testserver"]
)
SECURE = PUBLIC_URL.startswith("https://")
if PRODUCTION:
    for _name, _address, _scheme in (
        ("PUBLIC_URL", PUBLIC_URL, "https://"),
        ("STAFF_URL", STAFF_URL, "https://"),
        ("SOCKET_URL", SOCKET_URL, "wss://"),
        ("EXIT_URL", EXIT_URL, "https://"),
    ):
        if not _address.startswith(_scheme):
            raise ImproperlyConfigured(f"{_name} begins with {_scheme} in production.")
    if not ALLOWED_HOSTS or any(host.startswith(("*", ".")) for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured("Set ALLOWED_HOSTS to exact host names in production.")

# --- Database and queue ----------------------------------------------------------------------


def _engine_urls():
    """URLs from the environment, else of this machine's embedded engines where they run."""
    database = env("DATABASE_URL", default="")
    owner = env("DATABASE_OWNER_URL", default="") or database
    redis = env("REDIS_URL", default="")
    if not PRODUCTION and not (database and redis):
        from victimcontact import engines

        found = engines.running(STATE_DIR)
        if found:
            database = database or found.database_url
            owner = owner or found.owner_url
            redis = redis or found.redis_url
    return database, owner, redis


DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL = _engine_urls()
DATABASE_ROLE = env("DATABASE_ROLE", default="app")  # owner for migrations, else app
# Commands that need no database (thrive, collectstatic) start without one.
DATABASES = {
    "default": env.db_url_config(
        (DATABASE_OWNER_URL if DATABASE_ROLE == "owner" else DATABASE_URL)
        or "postgres://nobody@127.0.0.1:1/none"
    )
    | {
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=0),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }
}
# The application's role, which owns nothing: post-migrate grants go to it.
DATABASE_APP_USER = (env.db_url_config(DATABASE_URL)["USER"] if DATABASE_URL else "") or "vc_app"
REDIS_URL = REDIS_URL or "redis://127.0.0.1:1/0"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
CHANNEL_LAYERS = {
    "default": {
        # Not the core layer: with redis-py 8 that one drops sockets beyond 100 in a process.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A request that only nudges the worker never waits for a lost broker: the sweep finds the row.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "Europe/London"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- Applications ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "victimcontact.accounts.apps.StaffAdminConfig",
    "django_otp",
    "django_htmx",
    "phonenumber_field",
    "rest_framework",
    "drf_spectacular",
    "channels",
    "csp",
    "victimcontact",
    "victimcontact.audit",
    "victimcontact.accounts",
    "victimcontact.people",
    "messaging",
    "triage",
    "triage.control",
    "triage.shifts",
    "triage.partners",
    "triage.quality",
    "triage.desk",
    "triage.chat",
    "triage.social",
    "triage.api",
    "appointments",
    "appointments.rosters",
    "appointments.standby",
    "appointments.attempts",
    "portal",
]
MIDDLEWARE = [
    # First what sets headers: a refusal, a redirect to https and a static file have them too.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "victimcontact.middleware.PrivacyHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "victimcontact.middleware.FormMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "victimcontact.accounts.middleware.StaffOnlyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "victimcontact.urls"
WSGI_APPLICATION = "victimcontact.wsgi.application"
ASGI_APPLICATION = "victimcontact.asgi.application"
FORM_RENDERER = "victimcontact.lib.widgets.DrawnWidgets"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "victimcontact.accounts.context.house",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# FormMiddleware is Django's CsrfViewMiddleware, made to work under no-referrer.
SILENCED_SYSTEM_CHECKS = ["security.W003"]

# --- Sign-in ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "accounts:home"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
OTP_TOTP_ISSUER = "Victim Contact"
SESSION_COOKIE_NAME = "__Host-staff" if SECURE else "staff"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
STAFF_SHIFT_HOURS = env.int("STAFF_SHIFT_HOURS", default=12)
SESSION_COOKIE_AGE = STAFF_SHIFT_HOURS * 3600
STAFF_IDLE_MINUTES = env.int("STAFF_IDLE_MINUTES", default=15)
CSRF_COOKIE_NAME = "__Host-form" if SECURE else "form"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = None  # a session cookie: nothing stays on a phone when its browser closes
CSRF_TRUSTED_ORIGINS = sorted({STAFF_URL, PUBLIC_URL})
CSRF_FAILURE_VIEW = "victimcontact.errors.csrf_failure"
VISIT_COOKIE_NAME = "__Host-visit" if SECURE else "visit"
VISIT_IDLE_MINUTES = env.int("VISIT_IDLE_MINUTES", default=10)
VISIT_ABSOLUTE_MINUTES = env.int("VISIT_ABSOLUTE_MINUTES", default=60)

# --- Headers ---------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF, SOCKET_URL],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# --- Language and time -----------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
# What pages are written in: a phone set to another language gets none of it by halves. Texts may
# be in more.
LANGUAGES = [("en-gb", "English")]
TEXT_LANGUAGES = [*LANGUAGES, ("cy", "Cymraeg")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [BASE_DIR / "victimcontact" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/London"  # what people see; the database keeps UTC
PHONENUMBER_DEFAULT_REGION = "GB"
# Ofcom's numbers for drama pass only where people are invented.
PHONE_ALLOW_DRAMA = DEMONSTRATION

# --- Files -----------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(STATE_DIR / "static")))
_modules = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *[
        (prefix, path)
        for prefix, path in (
            ("vendor/govuk", _modules / "govuk-frontend" / "dist"),
            ("vendor/moj", _modules / "@ministryofjustice" / "frontend" / "moj"),
            ("vendor/htmx", _modules / "htmx.org" / "dist"),
        )
        if path.exists()
    ],
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if ENVIRONMENT == "test"
        else "victimcontact.lib.static_files.HashedStaticFiles"
    },
}
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = ENVIRONMENT == "test"
# A test makes many clients: none of them should list 1,500 files first.
WHITENOISE_AUTOREFRESH = ENVIRONMENT == "test"
WHITENOISE_KEEP_ONLY_HASHED_FILES = PRODUCTION
# Originals of evidence and sealed statements: private, written once, never under a web root.
EVIDENCE_ROOT = Path(env("EVIDENCE_ROOT", default=str(STATE_DIR / "evidence")))
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=25 * 1024 * 1024)
# Room for words far too long for any field: the page comes back with them and says so.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# --- Video: no server but the force's own ----------------------------------------------------

STUN_URLS = env.list("STUN_URLS", default=[])
TURN_URLS = env.list("TURN_URLS", default=[])
TURN_SECRET = env("TURN_SECRET", default="")
if TURN_URLS and not TURN_SECRET:
    raise ImproperlyConfigured("Set TURN_SECRET to the relay's shared secret, or unset TURN_URLS.")

# --- Texts and e-mail ------------------------------------------------------------------------

TWILIO_ACCOUNT_SID = env("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM = env("TWILIO_FROM", default="")
TWILIO_MESSAGING_SERVICE_SID = env("TWILIO_MESSAGING_SERVICE_SID", default="")
TWILIO_API_BASE_URL = env("TWILIO_API_BASE_URL", default="")
if TWILIO_ACCOUNT_SID and not TWILIO_AUTH_TOKEN:
    raise ImproperlyConfigured("Set TWILIO_AUTH_TOKEN: without it anyone could forge a receipt.")
if TWILIO_ACCOUNT_SID and not (TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID):
    raise ImproperlyConfigured("Set TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID.")
if PRODUCTION and not TWILIO_ACCOUNT_SID:
    raise ImproperlyConfigured("Set TWILIO_ACCOUNT_SID: the handset page is for development.")
# A second way out, taken when the first does not answer: another messaging service, number or
# account. Without an account of its own it belongs to the first one's.
TWILIO_SECOND_ACCOUNT_SID = env("TWILIO_SECOND_ACCOUNT_SID", default=TWILIO_ACCOUNT_SID)
TWILIO_SECOND_AUTH_TOKEN = env("TWILIO_SECOND_AUTH_TOKEN", default=TWILIO_AUTH_TOKEN)
TWILIO_SECOND_FROM = env("TWILIO_SECOND_FROM", default="")
TWILIO_SECOND_MESSAGING_SERVICE_SID = env("TWILIO_SECOND_MESSAGING_SERVICE_SID", default="")
TWILIO_SECOND_API_BASE_URL = env("TWILIO_SECOND_API_BASE_URL", default=TWILIO_API_BASE_URL)
if TWILIO_SECOND_ACCOUNT_SID != TWILIO_ACCOUNT_SID and (
    TWILIO_SECOND_AUTH_TOKEN in ("", TWILIO_AUTH_TOKEN)
    or not (TWILIO_SECOND_FROM or TWILIO_SECOND_MESSAGING_SERVICE_SID)
):
    raise ImproperlyConfigured("A second Twilio account needs its own token, and a sender.")
# Texts a second by one sender, all workers together; Twilio answers 429 beyond what it agreed.
TWILIO_PER_SECOND = env.float("TWILIO_PER_SECOND", default=100)
# Texts that one worker has on their way at once: it waits for answers, it does not work.
SENDING_THREADS = env.int("SENDING_THREADS", default=32)
# How often what was left over is looked for.
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=15)
if min(TWILIO_PER_SECOND, SENDING_THREADS, SWEEP_SECONDS) <= 0:
    raise ImproperlyConfigured("TWILIO_PER_SECOND, SENDING_THREADS, SWEEP_SECONDS are above 0.")
for _name in ("TWILIO_API_BASE_URL", "TWILIO_SECOND_API_BASE_URL"):
    if PRODUCTION and globals()[_name] and not globals()[_name].startswith("https://"):
        raise ImproperlyConfigured(f"{_name} begins with https:// in production.")
EMAIL_CONFIG = env.email_url(
    "EMAIL_URL", default="consolemail://" if not PRODUCTION else "smtp://localhost:25"
)
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="appointments@example.org")

# --- API -------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "triage.api.problems.answer",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Victim Contact",
    "DESCRIPTION": "Reports in, how they stand, and where officers are to be sent.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVERS": [{"url": STAFF_URL}],
    "ENUM_NAME_OVERRIDES": {
        "ChannelEnum": "triage.models.Channel",
        "GradeEnum": "triage.models.Grade",
        "ResponseEnum": "triage.models.Response",
        "DispatchStateEnum": "triage.control.models.Dispatch.State",
        "DispatchMoveEnum": "triage.api.serializers.MOVES",
        "ChannelSafetyEnum": "triage.api.serializers.SAFETY",
    },
}
# Hosts to which news may go at all (see triage/api); in production only what is named here.
WEBHOOK_HOSTS = env.list("WEBHOOK_HOSTS", default=[])

# --- Logs: who, what, which; never contents, numbers or tokens -------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "none": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        # These two write telephone numbers and addresses.
        "twilio.http_client": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        # Their messages hold the address asked for, and with it a token: see faults.py.
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "CRITICAL"},
        # Its messages hold those of errors, and so what somebody typed: see faults.py too.
        "celery.app.trace": {"handlers": ["none"], "propagate": False},
    },
}
