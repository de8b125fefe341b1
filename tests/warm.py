"""Imported by the warm process alone: everything that our programs need, and no database connection."""

from importlib import import_module
from pathlib import Path

import django
from django.conf import settings
from django.db import connections
from django.template.loader import get_template
from django.urls import get_resolver

from tests.processes import die_with_parent

IMPORTED = [
    "tests.crash.jobs",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.concurrency.prefork",
    "gunicorn.workers.gthread",
]

django.setup()
for _name in IMPORTED:
    import_module(_name)
get_resolver().url_patterns  # noqa: B018
for _folder in settings.TEMPLATES[0]["DIRS"]:
    for _path in Path(_folder).rglob("*.html"):
        get_template(str(_path.relative_to(_folder)))

assert not any(made.connection for made in connections.all(initialized_only=True)), "forks would share it"
die_with_parent()
