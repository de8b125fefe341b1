import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, TransactionTestCase, override_settings

pytest_plugins = [
    "tests.machine",
    "tests.processes",
    "tests.stripe_simulator",
    "tests.misbehaving",
    "tests.race.shop",
    "tests.ecommerce.refund_states",
]


@pytest.fixture(autouse=True)
def _fresh_process_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a start, however long ago it was; no page is kept, because tests change rows at will."""
    from django.core.cache import cache

    from shopfolio.core import whole_pages
    from shopfolio.core.services import forget_site
    from shopfolio.core.views import health
    from shopfolio.ecommerce.models.settings import forget_shop_settings

    cache.clear()
    forget_site()
    forget_shop_settings()
    whole_pages.kept_pages.clear()
    monkeypatch.setattr(whole_pages, "LIVES", 0)
    monkeypatch.setattr(health, "STARTED", time.monotonic())


@pytest.fixture(autouse=True, scope="session")
def _plain_static_files() -> Iterator[None]:
    """Pages name their static files without the manifest, so that tests need not collect them first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(autouse=True, scope="session")
def _quick_emptying() -> Iterator[None]:
    """Django's flush writes permissions and roles anew after every test that commits; here they stay.

    Deleting is quicker than TRUNCATE as well, which on PostgreSQL makes new files for all tables.
    """
    from django.contrib.auth.models import Group, Permission
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sites.models import Site

    stay = {model._meta.db_table for model in (ContentType, Group, Permission, Site)}
    stay.add(Group.permissions.through._meta.db_table)

    def empty(test: TransactionTestCase) -> None:
        for table in sorted({*connection.introspection.django_table_names()} - stay):
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", transaction.atomic(empty))
        yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """A folder that the first worker process in need of it fills for all of them."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, fill: Callable[[Path], object]) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                unfinished = shared / f"{name}.unfinished"
                unfinished.mkdir()
                fill(unfinished)
                unfinished.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def demo_media(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """The demo's pictures in all their sizes; use it, or a copy, as MEDIA_ROOT."""
    from shopfolio.core.demo.renditions import make_demo_renditions

    def fill(folder: Path) -> None:
        with override_settings(MEDIA_ROOT=folder):
            make_demo_renditions(lambda progress: None)

    return made_once("demo-media", fill)


@pytest.fixture(scope="module")
def module_rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What a fixture of a module makes after it is there for all tests of the module, and then taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def bare_status_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """For thousands of requests of which the status alone is asked."""
    from shopfolio.core import middleware
    from shopfolio.core.views import status_pages

    def bare(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
        return status_pages.kept_nowhere(HttpResponse(status=status))

    for module in (middleware, status_pages):
        monkeypatch.setattr(module, "status_page", bare)


@pytest.fixture
def owner_client(client: Client) -> Client:
    """A browser in which the owner is logged in, and has just shown once more who it is."""
    from tests.factories import make_owner
    from tests.users.people import log_in_as

    log_in_as(client, make_owner())
    return client


@pytest.fixture
def private_files(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Invoices and downloads go to a folder of the test's own, and come from there."""
    from shopfolio.ecommerce.models import InvoicePDF

    folder = tmp_path / "private"
    kept_by_fields = InvoicePDF._meta.get_field("file").storage.__dict__
    monkeypatch.setitem(kept_by_fields, "location", str(folder))
    monkeypatch.setitem(kept_by_fields, "base_location", folder)
    options = {"location": folder, "base_url": None}
    private = {**settings.STORAGES["private"], "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "private": private}
    return folder
