import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

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
    from shopfolio.ecommerce.models.catalog import forget_shop_settings

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


@pytest.fixture
def owner_client(client: Client) -> Client:
    """A browser in which the owner is logged in."""
    from tests.factories import make_owner

    client.force_login(make_owner())
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
