"""What must be so before a program of the site starts. Needs the settings only, no set-up of Django."""

import json
import os
import socket
import sys
import time
import warnings
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection

OURS = ("core", "ecommerce", "tasks", "users")


class Refused(Exception):
    """The site cannot start; the message tells its owner why."""


def refuse_unready() -> None:
    """A database that is away or not prepared ends the start; under `shopfolio up` it has been asked already.

    Later it may go away: then pages say so, and come back with it.
    """
    if "SHOPFOLIO_SUPERVISOR" not in os.environ:
        refuse_unready_database()


def refuse_unready_database() -> None:
    try:
        applied = applied_migrations()
    except (Error, ImproperlyConfigured) as error:
        raise Refused(no_answer(error)) from error
    finally:
        connection.close()  # programs that fork must not share one
    here = migrations_here()
    if missing := sorted(here - applied):
        raise Refused(
            f"The database is not prepared for this version ({first_of(missing)} is missing). "
            "Run `shopfolio migrate` first."
        )
    # Two versions run side by side while one is replaced: that is no reason to stay away.
    if unknown := sorted(applied - here):
        sys.stderr.write(
            f"shopfolio: A newer version has prepared the database ({first_of(unknown)} is not known here). "
            "This one goes on as well as it can.\n"
        )


def refuse_uncollected_static() -> None:
    """Every page, also one that tells of an error, names its files by what `collectstatic` wrote down."""
    if settings.DEBUG or "Manifest" not in str(settings.STORAGES["staticfiles"]):
        return
    try:
        collected = set(json.loads((settings.STATIC_ROOT / "staticfiles.json").read_text("utf-8"))["paths"])
    except (OSError, ValueError, KeyError):
        collected = set()
    if missing := sorted(static_files_here() - collected):
        raise Refused(
            f"The static files are not collected for this version ({first_of(missing)} is missing). "
            "Run `shopfolio collectstatic --noinput` first."
        )


def static_files_here() -> set[str]:
    folder = Path(__file__).resolve().parent.parent / "static"
    files = (path for path in folder.rglob("[!.]*[!~]") if path.is_file())  # the others are not collected
    return {path.relative_to(folder).as_posix() for path in files}


def first_of(names: list[str]) -> str:
    return f"{names[0]}{' and more' if len(names) > 1 else ''}"


def no_answer(error: Exception) -> str:
    why = str(error).strip().partition("\n")[0]
    return f"DATABASE_URL: the database does not answer ({why})."


def applied_migrations() -> set[str]:
    """Such as core.0001_initial, of our own apps."""
    file = Path(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite" and file.parent.is_dir() and not file.exists():
        return set()  # to ask would make the file
    with warnings.catch_warnings(), connection.cursor() as cursor:
        warnings.simplefilter("ignore", RuntimeWarning)  # Django would rather be asked when it is set up
        if "django_migrations" not in connection.introspection.table_names(cursor):
            return set()
        cursor.execute("SELECT app, name FROM django_migrations")
        return {f"{app}.{name}" for app, name in cursor.fetchall() if app in OURS}


def migrations_here() -> set[str]:
    package = Path(__file__).resolve().parent.parent
    return {f"{app}.{path.stem}" for app in OURS for path in package.glob(f"{app}/migrations/[0-9]*.py")}


def refuse_taken_port(port: int, *, patience: float = 0) -> None:
    """patience: seconds that a program which had it may take to let go of it."""
    host = "127.0.0.1" if settings.LOOPBACK else "0.0.0.0"  # noqa: S104
    deadline = time.monotonic() + patience
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind((host, port))
            except OSError as error:
                if time.monotonic() < deadline:
                    time.sleep(0.2)
                    continue
                raise Refused(
                    f"Port {port} cannot be used ({error.strerror}). Stop the program that has it, "
                    "or choose another one, for example PORT=8100."
                ) from error
