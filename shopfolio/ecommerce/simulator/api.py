"""The part of Stripe's API that the shop calls. It grows with its callers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripe.params import (
    DisputeListParams,
    EventListParams,
    EventRetrieveParams,
    PaymentIntentRetrieveParams,
    RefundCreateParams,
    RefundListParams,
    RefundRetrieveParams,
)
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionLineItemListParams,
    SessionListParams,
    SessionRetrieveParams,
)

from shopfolio.ecommerce.simulator import objects, payments, refunds
from shopfolio.ecommerce.simulator.contract import Params
from shopfolio.ecommerce.simulator.errors import StripeError
from shopfolio.ecommerce.simulator.expand import line_item_list
from shopfolio.ecommerce.simulator.objects import Json
from shopfolio.ecommerce.simulator.payments import Moment
from shopfolio.ecommerce.simulator.rules import check_new_session
from shopfolio.ecommerce.simulator.store import Conditions, Transaction

COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
FILTERS = frozenset(
    {
        "charge", "created", "ending_before", "expand", "limit", "payment_intent", "starting_after",
        "status", "type", "types",
    }
)  # fmt: skip
SESSIONS = "/v1/checkout/sessions"
REFUNDS = "/v1/refunds"
DISPUTES = "/v1/disputes"
Equal = tuple[tuple[str, str, Any], ...]


@dataclass(frozen=True)
class Call:
    """One call of the API, its parameters checked by the SDK's types. id: the one in the path."""

    tx: Transaction
    params: Params
    id: str
    moment: Moment
    pay_origin: str


def create_session(call: Call) -> Json:
    check_new_session(call.params, now=call.moment.now)
    session = objects.session(call.params, now=call.moment.now, origin=call.pay_origin)
    session["line_items"] = objects.line_items(call.params, now=call.moment.now)
    session["payment_intent_data"] = call.params.get("payment_intent_data", {})
    call.tx.add(session)
    return session


def retrieve_session(call: Call) -> Json:
    return payments.current_session(call.tx, call.id, call.moment)


def expire_session(call: Call) -> Json:
    session = payments.current_session(call.tx, call.id, call.moment)
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`.",
            kept=True,
        )
    payments.expire(call.tx, session, call.moment)
    return session


def list_line_items(call: Call) -> Json:
    session = payments.current_session(call.tx, call.id, call.moment)
    items, params = session["line_items"], call.params
    ids = [item["id"] for item in items]
    for cursor in ("starting_after", "ending_before"):
        if cursor in params and params[cursor] not in ids:
            raise StripeError(f"No such line item: '{params[cursor]}'", code="resource_missing", param=cursor)
    limit = _limit(params)
    if "ending_before" in params:
        before = items[: ids.index(params["ending_before"])]
        return line_item_list(session, before[-limit:], has_more=len(before) > limit)
    after = items[ids.index(params["starting_after"]) + 1 :] if "starting_after" in params else items
    return line_item_list(session, after[:limit], has_more=len(after) > limit)


def list_sessions(call: Call) -> Json:
    for id_ in call.tx.overdue_sessions(call.moment.now):
        payments.current_session(call.tx, id_, call.moment)
    equal: Equal = tuple(
        (name, "=", call.params[name]) for name in ("payment_intent", "status") if name in call.params
    )
    return _page(call, payments.SESSION, SESSIONS, equal)


def retrieve_payment_intent(call: Call) -> Json:
    return call.tx.get(payments.INTENT, call.id, param="intent")


def create_refund(call: Call) -> Json:
    return refunds.create(call.tx, call.params, call.moment)


def retrieve_refund(call: Call) -> Json:
    return refunds.current(call.tx, call.id, call.moment)


def list_refunds(call: Call) -> Json:
    for id_ in call.tx.overdue_refunds(call.moment.now):
        refunds.current(call.tx, id_, call.moment)
    equal: Equal = tuple(
        (name, "=", call.params[name]) for name in ("charge", "payment_intent") if name in call.params
    )
    return _page(call, refunds.REFUND, REFUNDS, equal)


def list_disputes(call: Call) -> Json:
    equal: Equal = tuple(
        (name, "=", call.params[name]) for name in ("charge", "payment_intent") if name in call.params
    )
    return _page(call, "dispute", DISPUTES, equal)


def list_events(call: Call) -> Json:
    types = (*call.params.get("types", ()), *([call.params["type"]] if "type" in call.params else ()))
    if any("*" in kind for kind in types):
        raise StripeError(
            "The simulator does not know groups of events yet.", code="not_simulated", param="type"
        )
    return _page(call, "event", "/v1/events", types=types)


def retrieve_event(call: Call) -> Json:
    return call.tx.get("event", call.id)


def _page(call: Call, kind: str, url: str, equal: Equal = (), types: tuple[str, ...] = ()) -> Json:
    params = call.params
    if strange := params.keys() - FILTERS:
        raise StripeError(f"The simulator does not filter by {min(strange)} yet.", code="not_simulated")
    if "starting_after" in params and "ending_before" in params:
        raise StripeError("You can only pass one of starting_after and ending_before.", param="ending_before")
    created = params.get("created", {})
    bounds = {"gte": created, "lte": created} if isinstance(created, int) else created
    conditions = Conditions(
        fields=equal + tuple(("created", COMPARISONS[name], bound) for name, bound in bounds.items()),
        types=types,
        starting_after=params.get("starting_after", ""),
        ending_before=params.get("ending_before", ""),
    )
    found, has_more = call.tx.newest_first(kind, conditions, limit=_limit(params))
    return {"object": "list", "data": found, "has_more": has_more, "url": url}


def _limit(params: Params) -> int:
    limit: int = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError(
            "Invalid limit: must be between 1 and 100.", code="parameter_invalid_integer", param="limit"
        )
    return limit


Operation = Callable[[Call], Json]
ROUTES: tuple[tuple[str, str, type, Operation], ...] = (
    ("POST", SESSIONS, SessionCreateParams, create_session),
    ("GET", SESSIONS, SessionListParams, list_sessions),
    ("GET", SESSIONS + "/{id}", SessionRetrieveParams, retrieve_session),
    ("POST", SESSIONS + "/{id}/expire", SessionExpireParams, expire_session),
    ("GET", SESSIONS + "/{id}/line_items", SessionLineItemListParams, list_line_items),
    ("GET", "/v1/payment_intents/{id}", PaymentIntentRetrieveParams, retrieve_payment_intent),
    ("POST", REFUNDS, RefundCreateParams, create_refund),
    ("GET", REFUNDS, RefundListParams, list_refunds),
    ("GET", REFUNDS + "/{id}", RefundRetrieveParams, retrieve_refund),
    ("GET", DISPUTES, DisputeListParams, list_disputes),
    ("GET", "/v1/events", EventListParams, list_events),
    ("GET", "/v1/events/{id}", EventRetrieveParams, retrieve_event),
)
