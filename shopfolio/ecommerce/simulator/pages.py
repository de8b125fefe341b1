"""The hosted pay page: what Stripe shows the buyer, with the way out of every story that a test tells."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from shopfolio.ecommerce.simulator import payments
from shopfolio.ecommerce.simulator.contract import Params, parse_form
from shopfolio.ecommerce.simulator.errors import StripeError
from shopfolio.ecommerce.simulator.http import Request, Response
from shopfolio.ecommerce.simulator.objects import Json
from shopfolio.ecommerce.simulator.payments import CARDS, Debit, Declined, Moment, UnknownCard
from shopfolio.ecommerce.simulator.store import Store, Transaction
from shopfolio.lib.money import format_money

ADDRESS = re.compile(r"/c/pay/([^/]+)")


@dataclass(frozen=True)
class Page:
    """Rendered after the transaction, which must be short. session: None on the page of an error."""

    template: str
    status: int = 200
    session: Json | None = None
    context: dict[str, Any] = field(default_factory=dict)


class PayPages:
    def __init__(self, store: Store, *, business: str, moment: Callable[[], Moment]) -> None:
        self._store = store
        self._business = business
        self._moment = moment

    def respond(self, request: Request) -> Response:
        found = ADDRESS.fullmatch(request.path)
        if not found or request.method not in {"GET", "POST"}:
            return self._rendered(_nothing_here())
        form = parse_form(request.body) if request.method == "POST" else None
        with self._store.transaction() as tx:
            outcome = self._outcome(tx, found[1], form)
        return outcome if isinstance(outcome, Response) else self._rendered(outcome)

    def _outcome(self, tx: Transaction, id_: str, form: Params | None) -> Page | Response:
        moment = self._moment()
        try:
            session = payments.current_session(tx, id_, moment)
        except StripeError:
            return _nothing_here()
        if payments.is_waiting_for_debit(tx, session):
            return _finish_debit(tx, session, form, moment) if form else Page("debit.html", session=session)
        if session["status"] != "open":
            return _closed(session)
        return _act(tx, session, form, moment) if form else Page("pay.html", session=session)

    def _rendered(self, page: Page) -> Response:
        context = {"business": self._business, "form": {}, **page.context}
        if page.session:
            context |= _shown(page.session)
        body = render_to_string(f"simulator/{page.template}", context)
        return Response(body.encode(), page.status, headers=_security_headers(page.session))


def _act(tx: Transaction, session: Json, form: Params, moment: Moment) -> Page | Response:
    action = form.get("action", "pay")
    if action == "cancel" and session["cancel_url"]:
        return Response.see_other(_filled(session["cancel_url"], session))
    if action not in {"pay", "pay_later"}:
        return _again(session, form, _("Please choose how to go on."), status=400)
    email = session["customer_email"] or _text(form, "email")
    buyer = {"email": email, "name": _text(form, "name") or None}
    if "@" not in email:
        return _again(session, form, _("Please fill in your e-mail address."), status=422)
    if action == "pay_later" and session["amount_total"]:
        payments.promise_bank_debit(tx, session, buyer=buyer, moment=moment)
        return Response.see_other(f"/c/pay/{session['id']}")
    number = re.sub(r"[\s-]", "", _text(form, "card_number"))
    try:
        payments.pay_by_card(tx, session, number, buyer=buyer, moment=moment)
    except Declined:
        return _again(
            session, form, _("The card was declined. Nothing was paid; try another card."), status=402
        )
    except UnknownCard:
        return _again(session, form, _("Please choose one of the test cards."), status=422)
    return Response.see_other(_filled(session["success_url"], session))


def _finish_debit(tx: Transaction, session: Json, form: Params, moment: Moment) -> Page | Response:
    results = {"succeed": Debit.SUCCEEDED, "fail": Debit.FAILED}
    result = results.get(_text(form, "action"))
    if result is None:
        # Someone paid this session already: a second click on "pay", say.
        return _closed(session)
    payments.finish_bank_debit(tx, session, result, moment=moment)
    return Response.see_other(_filled(session["success_url"], session))


def _again(session: Json, form: Params, error: str, *, status: int) -> Page:
    return Page("pay.html", status, session, {"error": error, "form": form})


def _nothing_here() -> Page:
    return Page(
        "closed.html",
        404,
        context={
            "heading": _("No such payment"),
            "explanation": _("Please go back to the shop and start again."),
        },
    )


def _closed(session: Json) -> Page:
    if session["status"] == "expired":
        heading = _("This payment has expired")
        explanation = _("Nothing was paid. Please go back to the shop and start again.")
        return Page("closed.html", 410, session, {"heading": heading, "explanation": explanation})
    heading = _("This payment is already complete")
    explanation = _("Nothing more was paid just now.")
    return Page("closed.html", 409, session, {"heading": heading, "explanation": explanation})


def _shown(session: Json) -> dict[str, Any]:
    currency = session["currency"].upper()
    back = session["cancel_url"] if session["status"] != "complete" else session["success_url"]
    return {
        "session": session,
        "cards": CARDS.values(),
        "lines": [
            {
                "name": item["description"],
                "quantity": item["quantity"],
                "each": format_money(item["price"]["unit_amount"], currency),
                "amount": format_money(item["amount_total"], currency),
            }
            for item in session["line_items"]
        ],
        "total": format_money(session["amount_total"], currency),
        "cancel_url": _filled(session["cancel_url"] or "", session),
        "back_url": _filled(back or "", session),
    }


def _filled(address: str, session: Json) -> str:
    return address.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _text(form: Params, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _security_headers(session: Json | None) -> dict[str, str]:
    """form-action names the shop too: browsers apply it to the redirect that follows."""
    targets = {"'self'"}
    for name in ("success_url", "cancel_url"):
        if session and session[name]:
            parts = urlsplit(session[name])
            targets.add(f"{parts.scheme}://{parts.netloc}")
    policy = (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {' '.join(sorted(targets))}"
    )
    return {"Content-Security-Policy": policy, "Referrer-Policy": "same-origin"}
