"""Django's settings: everything that differs between machines comes from the environment."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONE, SELF

from console.supervisor.log_format import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("WATCHFLOOR_VAR") or BASE_DIR / "var").absolute()


def env_list(name: str, default: str = "") -> list[str]:
    """The comma-separated words of an environment variable."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def env_flag(name: str) -> bool:
    """True when an environment variable says yes."""
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def secret_key() -> str:
    """SECRET_KEY from the environment, else one made once and kept under var/ for this machine alone."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    path = VAR / "secret_key"
    try:
        if not path.exists():
            write_secret_key(path)
        return path.read_text(encoding="ascii")
    except OSError as error:
        # Django would show a traceback, or an "unknown command", for what is one plain fact.
        raise SystemExit(f"watchfloor: cannot write to {VAR}: {(error.strerror or str(error)).lower()}.") from None


def write_secret_key(path: Path) -> None:
    """Make a key that appears whole and only once, though several processes may start together."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50))
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    os.unlink(draft)


DEBUG = env_flag("WATCHFLOOR_DEBUG")
HTTPS = env_flag("WATCHFLOOR_HTTPS")
SECRET_KEY = secret_key()
# What tools' and vendors' secrets are locked with, the newest first; without any, one is made below var/ when needed.
SECRET_KEYS = env_list("WATCHFLOOR_SECRET_KEYS")
SECRET_KEYS_FILE = VAR / "secret_keys"
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "csp",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "budgets",
    "agents",
    "agents.library",
    "console",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "console.access.acting.ActingFrom",
    "console.access.typed_secrets.TypedSecrets",
]

ROOT_URLCONF = "console.urls"
ASGI_APPLICATION = "console.asgi.application"
AUTH_USER_MODEL = "console.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

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
            ],
        },
    },
]

# Databases ---------------------------------------------------------------------------------------

WORKER_THREADS = int(os.environ.get("WATCHFLOOR_WORKER_THREADS", "64"))


def sqlite(path: str | Path) -> dict[str, Any]:
    """SQLite in WAL mode: readers never wait, writers take their turn from BEGIN on and wait up to 30 s.

    Whoever waits only looks again now and then, and of 64 processes that write without a pause some come late; it is
    still shorter than a lease.

    A commit waits for the disk: an effect that was started must be on record even after a power cut.
    """
    pragmas = (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "cache_size=-4000",
    )
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "".join(f"PRAGMA {pragma};" for pragma in pragmas),
        },
        # A file, since threads share it as they do in production; an in-memory one locks whole tables.
        "TEST": {"NAME": VAR / "test.sqlite3"},
        "CONN_MAX_AGE": None,
    }


# A peer that vanished is noticed within half a minute by both sides: here, so that its runs go on elsewhere, and
# there, so that nobody waits for its locks.
HALF_OPEN_ENDS = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
}


def postgres(url: str) -> dict[str, Any]:
    """PostgreSQL through one pool a process, as large as the threads that may want a connection at once."""
    # The pool's pause between two tries to connect doubles until it gives up; a new wait begins with short ones.
    tries = {"timeout": 10, "reconnect_timeout": 8}
    pool = {"min_size": 1, "max_size": WORKER_THREADS + 8, "max_idle": 60, **tries}
    found = dj_database_url.parse(url)
    options = {
        "pool": pool,
        "connect_timeout": 5,
        "application_name": "watchfloor",
        **HALF_OPEN_ENDS,
        # A machine that stands still in the middle of a transaction keeps its locks no longer than half a lease.
        "options": "-c idle_in_transaction_session_timeout=15000",
        # The recorder prepares its few statements; the ORM's are bound on this side and never are.
        "prepare_threshold": 0,
        **found.get("OPTIONS", {}),
    }
    return {**found, "OPTIONS": options, "CONN_HEALTH_CHECKS": True}


def database(url: str) -> dict[str, Any]:
    """The database that DATABASE_URL names, or the SQLite file under var/ when it names none."""
    if not url:
        return sqlite(VAR / "watchfloor.sqlite3")
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        return sqlite(str(dj_database_url.parse(url)["NAME"]))
    if scheme in ("postgres", "postgresql"):
        return postgres(url)
    raise SystemExit(f"watchfloor: DATABASE_URL begins with {scheme!r}; use postgresql://... or sqlite:///...")


DATABASE_URL = os.environ.get("DATABASE_URL", "")
DATABASES = {"default": database(DATABASE_URL)}

# Redis and Celery: hints only, the rows are the truth ---------------------------------------------


def redis_url() -> str:
    """REDIS_URL, else the private Redis of a `make run` in this folder, else the usual port of this machine."""
    if given := os.environ.get("REDIS_URL"):
        return given
    with contextlib.suppress(OSError):
        return (VAR / "run" / "redis-url").read_text(encoding="ascii")
    return "redis://127.0.0.1:6379/0"


REDIS_URL = redis_url()

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than kombu's blocking pop, or an idle worker would take its own wait for a dead server.
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 5,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# A web request that cannot ring the bell gives up at once: the sweeper finds the row.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = WORKER_THREADS
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "verify the ledger": {"task": "agents.tasks.verify_ledger", "schedule": crontab(hour=3, minute=17)},
    "prune the health of links": {"task": "agents.tasks.prune_health", "schedule": crontab(hour=3, minute=47)},
    "prune the keys of launches": {"task": "console.tasks.prune_keys", "schedule": crontab(hour=4, minute=7)},
}

# How long a worker's word on a run holds, and how long it lets calls in flight finish when it is stopped.
LEASE_SECONDS = float(os.environ.get("WATCHFLOOR_LEASE_SECONDS", "30"))
DRAIN_SECONDS = float(os.environ.get("WATCHFLOOR_DRAIN_SECONDS", "25"))

# People ------------------------------------------------------------------------------------------

LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_NAME = "watchfloor_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Uploads: the forms say what is too long; these only keep a request from filling the memory --------

ATTACHMENT_MAX_BYTES = 20 * 1024 * 1024
TASK_MAX_CHARS = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# Static files: hashed and cached for ever once collected, else straight from the source folders ------

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
COLLECTED = not DEBUG and (STATIC_ROOT / "staticfiles.json").is_file()
WHITENOISE_USE_FINDERS = not COLLECTED
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Time and words ----------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False

# Every event of every run as a JSON line on the worker's stdout.
EVENT_LOG = env_flag("WATCHFLOOR_EVENT_LOG")
LOGGING = logging_config(style=os.environ.get("WATCHFLOOR_LOG", "json"))
