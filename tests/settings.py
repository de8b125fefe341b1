"""The site's settings, in an environment that a test run cannot inherit or leave traces in."""

import os
import tempfile

SERVICES = {"DATABASE_URL", "CACHE_URL", "CELERY_BROKER_URL"}
"""What a run may choose; everything else of the site that this shell may serve stays outside."""

_folder = tempfile.TemporaryDirectory(prefix="shopfolio-tests-", ignore_cleanup_errors=True)


def _forget_the_site_of_this_shell() -> None:
    ours = ("STRIPE_", "S3_", "SECRET_KEY", "EMAIL_URL", "SENTRY_DSN", "SITE_URL", "ALLOWED_HOSTS", "DEBUG")
    ours += ("DEFAULT_FROM_EMAIL", "LOG_FORMAT", "TRUSTED_PROXIES", "PORT")
    for name in list(os.environ):
        if name.startswith(ours):
            del os.environ[name]


_forget_the_site_of_this_shell()
os.environ["DATA_DIR"] = _folder.name
os.mkdir(os.path.join(_folder.name, "static"))

from shopfolio.settings import *  # noqa: E402, F403

# Hashing slowly protects people's passwords; no test has any.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
