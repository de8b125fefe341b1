"""The table of invoices that the owner hands to the accountant."""

import csv
import io
from urllib.parse import unquote

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shopfolio.ecommerce.admin.invoice_table import in_cell
from shopfolio.ecommerce.models import Invoice, Refund
from shopfolio.ecommerce.services.credit_notes import issue_credit_note
from shopfolio.lib.money import to_minor
from shopfolio.users.roles import Role
from tests.factories import make_owner, make_paid_order, make_product, make_shop, make_staff, make_variant
from tests.users.people import PASSWORD, type_password

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

LIST, TABLE = "/admin/ecommerce/invoice/", "/admin/ecommerce/invoice/table/"


def rows(client, query=""):
    answer = client.get(TABLE + query)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_list_of_invoices_has_a_table_with_every_one(owner_client):
    make_shop()
    order = make_paid_order((make_variant(price=2_450), 2))
    invoice = Invoice.objects.get()

    [row] = rows(owner_client)

    assert TABLE in owner_client.get(LIST).content.decode()
    assert (row["Number"], row["Order"], row["Buyer"]) == (invoice.number, order.number, order.name)
    assert (row["Date"], row["Currency"]) == (invoice.issued_on.isoformat(), "EUR")
    total = f"{invoice.total // 100}.{invoice.total % 100:02}"
    assert (row["Kind"], row["Total"]) == ("Invoice", total)


def test_each_tax_rate_has_a_line_of_its_own_and_all_add_up(owner_client):
    make_shop()
    book = make_variant(make_product("Book", tax_rate=1_000), price=1_100)
    order = make_paid_order((make_variant(price=2_450), 2), (book, 1))
    with transaction.atomic():
        refund = Refund.objects.create(
            order=order, session=order.sessions.get(), amount=1_000, currency="EUR", idempotency_key="re:1"
        )
        issue_credit_note(refund)

    table = rows(owner_client)

    invoice, note = Invoice.objects.order_by("created")
    ours = [row for row in table if row["Number"] == invoice.number]
    assert [(row["Tax category"], row["Tax rate (%)"]) for row in ours] == [("Taxed", "23"), ("Taxed", "10")]
    assert (ours[1]["Net"], ours[1]["Tax"], ours[1]["Total"]) == ("10.00", "1.00", "11.00")
    for document in (invoice, note):
        mine = [row for row in table if row["Number"] == document.number]
        added = [sum(to_minor(row[name], "EUR") for row in mine) for name in ("Net", "Tax", "Total")]
        assert added == [document.net, document.tax, document.total]
    assert note.total == -1_000


def test_the_table_is_narrowed_as_the_list_is(owner_client):
    make_shop()
    make_paid_order()
    year = Invoice.objects.get().issued_on.year

    assert len(rows(owner_client, f"?issued_on__year={year}")) == 1
    assert rows(owner_client, f"?issued_on__year={year - 1}") == []
    assert rows(owner_client, "?q=nobody") == []
    link = f"{TABLE}?issued_on__year={year}"
    assert link in owner_client.get(f"{LIST}?issued_on__year={year}").content.decode()


def test_a_wrong_address_leads_to_the_list(owner_client):
    answer = owner_client.get(f"{TABLE}?issued_on__year=x")

    assert (answer.status_code, answer["Location"]) == (302, LIST)


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_buyer_typed_is_no_formula(owner_client, typed):
    make_shop()
    make_paid_order(name=f"{typed} Reis")

    [row] = rows(owner_client)

    assert row["Buyer"].startswith("'")
    assert in_cell(typed) == f"'{typed}"


def test_who_may_not_see_invoices_gets_no_table(client):
    client.force_login(make_staff(Role.EDITOR))

    assert client.get(TABLE).status_code == 403


def test_whoever_takes_it_home_is_asked_once_more_who_it_is(client):
    owner = make_owner(password=PASSWORD)
    client.force_login(owner)

    asked = client.get(f"{TABLE}?q=INV")
    type_password(client, owner)

    assert asked.status_code == 302
    assert asked["Location"].startswith("/account/confirm/")
    assert unquote(unquote(asked["Location"])).endswith(f"{TABLE}?q=INV")
    assert rows(client, "?q=INV") == []


def test_the_table_asks_as_often_for_many_invoices_as_for_few(owner_client):
    make_shop()
    make_paid_order()
    asked = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            rows(owner_client)
        asked.append(len(queries))
        make_paid_order()
        make_paid_order()

    assert asked[0] == asked[1]
