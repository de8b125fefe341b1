"""The site's settings, in an environment that a test run cannot inherit or leave traces in."""

import os
import tempfile

SERVICES = {"DATABASE_URL", "CACHE_URL", "CELERY_BROKER_URL"}
"""What a run may choose; everything else of the site that this shell may serve stays outside."""

_folder = tempfile.TemporaryDirectory(prefix="shopfolio-tests-", ignore_cleanup_errors=True)


def _forget_the_site_of_this_shell() -> None:
    ours = ("STRIPE_", "S3_", "SECRET_KEY", "EMAIL_URL", "SENTRY_DSN", "SITE_URL", "ALLOWED_HOSTS", "DEBUG")
    ours += ("DEFAULT_FROM_EMAIL", "LOG_FORMAT", "TRUSTED_PROXIES", "PORT", "SOCIAL_LOGIN", "TIME_ZONE")
    for name in list(os.environ):
        if name.startswith(ours):
            del os.environ[name]


def _redis_of_its_own(url: str, *, first: int) -> str:
    """Test processes run side by side: each clears its own cache and hears its own bells."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"{url.rpartition('/')[0]}/{first + 2 * process}"


_forget_the_site_of_this_shell()
for _name, _first in (("CACHE_URL", 8), ("CELERY_BROKER_URL", 9)):
    if os.environ.get(_name, "").startswith("redis"):
        os.environ[_name] = _redis_of_its_own(os.environ[_name], first=_first)
os.environ["DATA_DIR"] = _folder.name
os.mkdir(os.path.join(_folder.name, "static"))

from shopfolio.settings import *  # noqa: E402, F403

# Test processes outlive no power cut: they need not wait for the disk at each commit. The site does.
_database = DATABASES["default"]  # noqa: F405
if EMBEDDED_DATABASE:  # noqa: F405
    _database["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
else:
    _database["OPTIONS"]["options"] = "-c synchronous_commit=off"

# Hashing slowly protects people's passwords; no test has any.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

# Programs that a test starts are the site itself.
os.environ["DJANGO_SETTINGS_MODULE"] = "shopfolio.settings"
