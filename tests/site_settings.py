"""The site's settings for `shopfolio up` in a test: nobody has collected its static files."""

from shopfolio.settings import *  # noqa: F403
from shopfolio.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
