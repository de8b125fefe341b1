"""The only settings file. Every value that differs between sites comes from the environment."""

import os
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dj_database_url
import django_stubs_ext
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environ import Env

from shopfolio.lib import addresses, env
from shopfolio.lib.logs import leave_out_values, traceback_without_values
from shopfolio.lib.sqlite import use_safe_sqlite

use_safe_sqlite()
django_stubs_ext.monkeypatch()

PACKAGE = Path(__file__).resolve().parent

DEBUG = env.flag("DEBUG")
PORT = env.number("PORT", 8000, least=1, most=65534)
DATA_DIR = env.folder("DATA_DIR", "data")  # people's orders: nobody else's on this machine
SITE_URL = env.parsed(
    "SITE_URL", f"http://127.0.0.1:{PORT}", addresses.origin, "an address such as https://example.org"
)
SITE_HOST = urlsplit(SITE_URL).hostname or ""
HTTPS = SITE_URL.startswith("https://")
LOOPBACK = addresses.is_loopback(SITE_HOST)
# Loopback too, for whoever asks from the same machine whether the site is well.
ALLOWED_HOSTS = [
    *(
        env.each("ALLOWED_HOSTS", addresses.host, "names such as example.org, with commas between")
        or [SITE_HOST]
    ),
    *("127.0.0.1", "localhost", "[::1]"),
]


def networks(value: str) -> list[str]:
    return [str(ip_network(part.strip())) for part in value.split(",")]


TRUSTED_PROXIES = env.parsed(
    "TRUSTED_PROXIES", "127.0.0.1", networks, "addresses or networks such as 10.0.0.0/8, with commas between"
)

SECRET_KEY = env.text("SECRET_KEY") or env.kept_secret(DATA_DIR / "keys" / "secret_key")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is too short; it must have at least 50 characters.")
SECRET_KEY_FALLBACKS = env.secrets_of(
    "SECRET_KEY_FALLBACKS", r".{50,}", "keys of at least 50 characters, with commas between"
)

SOCIAL_SITES = {"github": "https://github.com", "gitlab": "https://gitlab.com"}
SOCIAL_LOGIN = {
    site: (client_id, secret)
    for site, client_id, secret in (
        value.split(":")
        for value in env.secrets_of(
            "SOCIAL_LOGIN",
            rf"({'|'.join(SOCIAL_SITES)}):[^:\s]+:[^:\s]+",
            "entries such as github:client-id:secret, with commas between",
        )
    )
}

INSTALLED_APPS = [
    "shopfolio.ecommerce",
    "shopfolio.core",
    "shopfolio.users",
    "shopfolio.tasks",
    "shopfolio.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sites",
    "django.contrib.redirects",
    "django.contrib.humanize",
    "django.forms",
    "django_extensions",
    "django_htmx",
    "django_prose_editor",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]
if SOCIAL_LOGIN:
    INSTALLED_APPS += [
        "allauth.socialaccount",
        *(f"allauth.socialaccount.providers.{site}" for site in SOCIAL_LOGIN),
    ]

MIDDLEWARE = [
    "shopfolio.core.request_log.RequestLogMiddleware",
    "shopfolio.core.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "shopfolio.core.page_cache.GenerationMiddleware",
    "shopfolio.core.whole_pages.WholePageMiddleware",
    "shopfolio.core.middleware.CacheControlMiddleware",
    "shopfolio.core.middleware.ContentSecurityPolicyMiddleware",
    "shopfolio.core.middleware.StatusPageMiddleware",
    "shopfolio.core.middleware.MethodsMiddleware",
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

FORM_RENDERER = "shopfolio.lib.forms.Renderer"
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
    engine = config.get("ENGINE", "").rpartition(".")[2]
    if engine not in {"sqlite3", "postgresql"} or not config["NAME"]:
        raise ValueError(url)
    if engine == "postgresql":
        # Seconds, then milliseconds: a server that is cut off would be waited for a quarter of an hour.
        config["OPTIONS"] = {"connect_timeout": 5, "tcp_user_timeout": 8_000} | config.get("OPTIONS", {})
    else:
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


def redis_or(default: str) -> Callable[[str], str]:
    return lambda url: url if url == default else addresses.redis_server(url)


REDIS = "an address such as redis://127.0.0.1:6379/1"
CACHE_URL = env.parsed("CACHE_URL", "locmem://", redis_or("locmem://"), REDIS)
if CACHE_URL.startswith("redis"):
    CACHES: dict[str, dict[str, Any]] = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Jobs are rows in the database; the broker only carries bells. See shopfolio/tasks/outbox.py.
CELERY_BROKER_URL = env.parsed("CELERY_BROKER_URL", "filesystem://", redis_or("filesystem://"), REDIS)
BROKER_DIR = DATA_DIR / "broker"

AUTH_USER_MODEL = "users.CustomUser"
AUTHENTICATION_BACKENDS = ["shopfolio.users.backends.AddressBackend"]
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
LOGIN_REDIRECT_URL = "account_home"
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_ADAPTER = "shopfolio.users.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "shopfolio.users.forms.LoginForm",
    "add_email": "shopfolio.users.forms.ChangeEmailForm",
    "change_password": "shopfolio.users.forms.ChangePasswordForm",
    "set_password": "shopfolio.users.forms.SetPasswordForm",
    "reauthenticate": "shopfolio.users.forms.ReauthenticateForm",
    "confirm_email_verification_code": "shopfolio.users.forms.ConfirmAddressForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
# allauth counts in the cache, which every process of a small site has its own of: users/limits.py counts.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # half a minute that a phone's clock may differ, or that typing takes
MFA_ADAPTER = "shopfolio.users.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "shopfolio.users.forms.SecondFactorForm",
    "reauthenticate": "shopfolio.users.forms.SecondFactorAgainForm",
    "activate_totp": "shopfolio.users.forms.ActivateAppForm",
    "login_webauthn": "shopfolio.users.forms.PasskeyLoginForm",
    "authenticate_webauthn": "shopfolio.users.forms.PasskeyForm",
    "reauthenticate_webauthn": "shopfolio.users.forms.PasskeyAgainForm",
    "add_webauthn": "shopfolio.users.forms.AddPasskeyForm",
    "edit_webauthn": "shopfolio.users.forms.RenamePasskeyForm",
}
SOCIALACCOUNT_ADAPTER = "shopfolio.users.social.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = {
    site: {"APPS": [{"client_id": client_id, "secret": secret}]}
    for site, (client_id, secret) in SOCIAL_LOGIN.items()
}

# Browsers take a cookie with this prefix only from this very host and over https, never from a neighbour.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "shopfolio.core.message_storage.MessageStorage"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
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

[STRIPE_SECRET_KEY] = env.secrets_of(
    "STRIPE_SECRET_KEY",
    r"(sk|rk)_(test|live)_[A-Za-z0-9_-]+",
    "a secret key of Stripe’s, which begins with sk_ or rk_",
    most=1,
) or [""]
STRIPE_WEBHOOK_SECRET = env.secrets_of(
    "STRIPE_WEBHOOK_SECRET", r"whsec_\S+", "the webhook’s signing secret, which begins with whsec_"
)
SIMULATOR_KEY_FILE = DATA_DIR / "keys" / "stripe_simulator_key"
SIMULATOR_WEBHOOK_FILE = DATA_DIR / "keys" / "stripe_simulator_webhook_secret"
if not STRIPE_SECRET_KEY and SIMULATOR_KEY_FILE.exists():
    # `shopfolio up` made them: the local simulator stands in for Stripe.
    STRIPE_SECRET_KEY = SIMULATOR_KEY_FILE.read_text(encoding="ascii").strip()
    STRIPE_WEBHOOK_SECRET = [SIMULATOR_WEBHOOK_FILE.read_text(encoding="ascii").strip()]
STRIPE_SIMULATED = STRIPE_SECRET_KEY.startswith("sk_test_simulator_")
STRIPE_API_BASE = env.parsed(
    "STRIPE_API_BASE",
    f"http://127.0.0.1:{PORT + 1}" if STRIPE_SIMULATED else "https://api.stripe.com",
    addresses.origin,
    "an address such as https://api.stripe.com",
)
if STRIPE_API_BASE != "https://api.stripe.com" and STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
    raise ImproperlyConfigured(
        "STRIPE_API_BASE is not Stripe's own, but STRIPE_SECRET_KEY is a live key; leave STRIPE_API_BASE out."
    )
STRIPE_CHECKOUT_ORIGIN = env.parsed(
    "STRIPE_CHECKOUT_ORIGIN",
    "https://checkout.stripe.com",
    lambda value: addresses.origin(value, schemes=("https",)),
    "an address such as https://pay.example.org",
)

PAY_PAGES = list(dict.fromkeys(["https://checkout.stripe.com", STRIPE_CHECKOUT_ORIGIN]))
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
        "form-action": [SELF, *PAY_PAGES, *(SOCIAL_SITES[site] for site in SOCIAL_LOGIN)],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": ["/csp-reports/"],
    }
}

EMAIL_URL = env.text("EMAIL_URL")
MAIL_DIR = DATA_DIR / "mail"
if EMAIL_URL:
    for key, value in env.parsed(
        "EMAIL_URL",
        "",
        lambda url: Env.email_url_config(addresses.mail_server(url)),
        "an address such as smtp+tls://user:password@host:587",
    ).items():
        globals()[key] = value
else:
    EMAIL_BACKEND = "shopfolio.tasks.emails.FolderBackend"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.parsed(
    "DEFAULT_FROM_EMAIL",
    f"hello@{SITE_HOST if not LOOPBACK else 'shopfolio.example'}",
    addresses.sender,
    "an address such as Ines Calder <hello@example.org>",
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL


def time_zone(name: str) -> str:
    try:
        return str(ZoneInfo(name))
    except OSError as error:  # the name of a folder of zones, such as Europe
        raise ValueError(name) from error


LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
FORMAT_MODULE_PATH = ["shopfolio.formats"]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = env.parsed("TIME_ZONE", "UTC", time_zone, "a name such as Europe/Lisbon")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [PACKAGE / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
PRIVATE_ROOT = DATA_DIR / "private"
STORAGES = {
    # What pages show of pictures. Made again, a file has the same name and takes the other's place.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"allow_overwrite": True},
    },
    # Invoices, downloads, pictures as they came: no address leads there, only views that ask who wants them.
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT, "base_url": None, "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
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
    # An answer such as 503 has its line already; only what broke adds its traceback.
    "filters": {
        "with_error": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: record.exc_info is not None,
        }
    },
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stream"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR", "filters": ["with_error"]},
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
