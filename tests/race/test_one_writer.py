"""SQLite's way to part writers: a transaction begins only when no other one may write. See settings.py."""

import pytest
from django.db import connections

from shopfolio.ecommerce.models import Variant
from shopfolio.ecommerce.services import checkout
from tests.factories import make_cart, make_shop, make_variant
from tests.race.buying import buy
from tests.race.protections import Meeting, meet_after
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]


def two_buy(monkeypatch, *, both_begin=False):
    """Both have read before either writes, if both may begin."""
    make_shop()
    variant = make_variant(available=10)
    carts = [make_cart((variant, 1)) for _ in range(2)]
    meet_after(monkeypatch, Meeting(sure=both_begin), checkout, "refuse_unsellable")

    return all_at_once(2, lambda index: buy(carts[index])), Variant.objects.get().available


def test_who_comes_second_waits_for_its_turn(monkeypatch):
    assert two_buy(monkeypatch) == ({"ordered": 2}, 8)


def test_a_transaction_that_begins_with_reading_is_told_that_the_database_is_locked(monkeypatch):
    """Negative control of BEGIN IMMEDIATE: no patience helps who has read what is no longer so."""
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "transaction_mode", "DEFERRED")

    assert two_buy(monkeypatch, both_begin=True) == ({"ordered": 1, "OperationalError": 1}, 9)
