"""The only settings file. Every value that differs between sites comes from the environment."""

import os
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environ import Env

from shopfolio.lib import env
from shopfolio.lib.logs import leave_out_values, traceback_without_values
from shopfolio.lib.sqlite import use_safe_sqlite

use_safe_sqlite()
django_stubs_ext.monkeypatch()

PACKAGE = Path(__file__).resolve().parent

DEBUG = env.flag("DEBUG")
PORT = env.number("PORT", 8000, least=1, most=65534)
DATA_DIR = Path(env.text("DATA_DIR", "data")).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # people's orders: nobody else's on this machine


def site_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname or url.path not in {"", "/"} or url.query:
        raise ValueError(value)
    return f"{url.scheme}://{url.netloc}"


SITE_URL = env.parsed(
    "SITE_URL", f"http://127.0.0.1:{PORT}", site_url, "an address such as https://example.org"
)
SITE_HOST = urlsplit(SITE_URL).hostname or ""
HTTPS = SITE_URL.startswith("https://")


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


LOOPBACK = is_loopback(SITE_HOST)
# Loopback too, for whoever asks from the same machine whether the site is well.
ALLOWED_HOSTS = [*(env.names("ALLOWED_HOSTS") or [SITE_HOST]), "127.0.0.1", "localhost", "[::1]"]
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS contains *; name the hosts, or leave it out.")


def networks(value: str) -> list[str]:
    return [str(ip_network(part.strip())) for part in value.split(",")]


TRUSTED_PROXIES = env.parsed(
    "TRUSTED_PROXIES", "127.0.0.1", networks, "addresses or networks such as 10.0.0.0/8, with commas between"
)

SECRET_KEY = env.text("SECRET_KEY") or env.kept_secret(DATA_DIR / "keys" / "secret_key")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is too short; it must have at least 50 characters.")
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")

INSTALLED_APPS = [
    "shopfolio.ecommerce",
    "shopfolio.core",
    "shopfolio.users",
    "shopfolio.tasks",
    "shopfolio.back_office.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sites",
    "django.contrib.redirects",
    "django.contrib.humanize",
    "django_extensions",
    "django_htmx",
    "django_prose_editor",
    "csp",
    "allauth",
    "allauth.account",
]

MIDDLEWARE = [
    "shopfolio.core.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "shopfolio.core.page_cache.GenerationMiddleware",
    "shopfolio.core.whole_pages.WholePageMiddleware",
    "shopfolio.core.middleware.CacheControlMiddleware",
    "shopfolio.core.middleware.ContentSecurityPolicyMiddleware",
    "shopfolio.core.middleware.StatusPageMiddleware",
    "shopfolio.core.middleware.NoNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "shopfolio.core.middleware.SameOriginCsrfMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "shopfolio.core.middleware.BodyLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
]

ROOT_URLCONF = "shopfolio.urls"
WSGI_APPLICATION = "shopfolio.wsgi.application"
SITE_ID = 1

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shopfolio.core.context_processors.site_context",
            ],
        },
    }
]


def database(url: str) -> dict[str, Any]:
    config: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    if not config.get("ENGINE"):
        raise ValueError(url)
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {
            # BEGIN IMMEDIATE: a writer waits its turn instead of failing half-way with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "PRAGMA journal_size_limit=67108864;",
        }
        # Tests use a file too: threads and processes must meet the same database.
        config["TEST"] = {"NAME": f"{config['NAME']}.test"}
    return config


DATABASES = {
    "default": env.parsed(
        "DATABASE_URL",
        f"sqlite:///{DATA_DIR / 'shopfolio.sqlite3'}",
        database,
        "an address such as postgres://…/name",
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
EMBEDDED_DATABASE = DATABASES["default"]["ENGINE"].endswith("sqlite3")

CACHE_URL = env.text("CACHE_URL", "locmem://")
if urlsplit(CACHE_URL).scheme in {"redis", "rediss"}:
    CACHES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": CACHE_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},  # every page asks it something
        }
    }
elif CACHE_URL == "locmem://":
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
else:
    raise ImproperlyConfigured(
        f"CACHE_URL is {env.shown(CACHE_URL)}; it must be an address such as redis://127.0.0.1:6379/1."
    )

# Jobs are rows in the database; the broker only carries bells. See shopfolio/tasks/outbox.py.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://")
BROKER_DIR = DATA_DIR / "broker"

AUTH_USER_MODEL = "users.CustomUser"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "shopfolio.users.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "shopfolio.users.forms.LoginForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Whether the owner's other subdomains speak https, and whether browsers may hard-code it, is not ours to say.
# W003 does not recognise the subclass of Django's CSRF middleware that stands in MIDDLEWARE.
SILENCED_SYSTEM_CHECKS = ["security.W003", "security.W005", "security.W021"]
# With "no-referrer" browsers send `Origin: null`, and our forms could not be told from strangers'.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "shopfolio.core.views.status_pages.forbidden"

STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = env.names("STRIPE_WEBHOOK_SECRET")
SIMULATOR_KEY_FILE = DATA_DIR / "keys" / "stripe_simulator_key"
SIMULATOR_WEBHOOK_FILE = DATA_DIR / "keys" / "stripe_simulator_webhook_secret"
if not STRIPE_SECRET_KEY and SIMULATOR_KEY_FILE.exists():
    # `shopfolio up` made them: the local simulator stands in for Stripe.
    STRIPE_SECRET_KEY = SIMULATOR_KEY_FILE.read_text(encoding="ascii").strip()
    STRIPE_WEBHOOK_SECRET = [SIMULATOR_WEBHOOK_FILE.read_text(encoding="ascii").strip()]
STRIPE_SIMULATED = STRIPE_SECRET_KEY.startswith("sk_test_simulator_")
STRIPE_API_BASE = env.text(
    "STRIPE_API_BASE", f"http://127.0.0.1:{PORT + 1}" if STRIPE_SIMULATED else "https://api.stripe.com"
)
if STRIPE_API_BASE != "https://api.stripe.com" and STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
    raise ImproperlyConfigured(
        "STRIPE_API_BASE is not Stripe's own, but STRIPE_SECRET_KEY is a live key; leave STRIPE_API_BASE out."
    )
STRIPE_CHECKOUT_ORIGIN = env.text("STRIPE_CHECKOUT_ORIGIN")

PAY_PAGES = ["https://checkout.stripe.com", *([STRIPE_CHECKOUT_ORIGIN] if STRIPE_CHECKOUT_ORIGIN else [])]
if STRIPE_SIMULATED:
    PAY_PAGES.append(STRIPE_API_BASE)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Chromium holds the 303 after a form to this list as well.
        "form-action": [SELF, *PAY_PAGES],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

EMAIL_URL = env.text("EMAIL_URL")
MAIL_DIR = DATA_DIR / "mail"
if EMAIL_URL:
    for key, value in env.parsed(
        "EMAIL_URL", "", Env.email_url_config, "an address such as smtp+tls://user:password@host:587"
    ).items():
        globals()[key] = value
else:
    EMAIL_BACKEND = "shopfolio.tasks.emails.FolderBackend"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL", f"hello@{SITE_HOST if not LOOPBACK else 'shopfolio.example'}"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [PACKAGE / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
PRIVATE_ROOT = DATA_DIR / "private"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Invoices and downloads: no address leads there, only views that ask who wants them.
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT, "base_url": None, "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_PERMISSIONS = 0o644

LOG_FORMAT = env.parsed("LOG_FORMAT", "text", {"text": "text", "json": "json"}.__getitem__, "text or json")
LOG_STEPS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
]
PROCESS = os.environ.get("SHOPFOLIO_PROCESS")  # `shopfolio up` tells each program its name
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(traceback_without_values),
                structlog.processors.JSONRenderer()
                if LOG_FORMAT == "json"
                else structlog.dev.ConsoleRenderer(
                    colors=False, exception_formatter=structlog.dev.plain_traceback
                ),
            ],
            "foreign_pre_chain": [leave_out_values, *LOG_STEPS],
            "use_get_message": False,
            "pass_foreign_args": True,
            "fmt": f"{PROCESS} | %(message)s" if PROCESS and LOG_FORMAT == "text" else "%(message)s",
        }
    },
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stream"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},  # any stranger's nonsense, a traceback each
        "gunicorn.http.wsgi": {"level": "ERROR"},  # it warns of every HEAD
        "celery": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},  # it tells session ids, which lead to orders
    },
}
structlog.configure(
    processors=[*LOG_STEPS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
