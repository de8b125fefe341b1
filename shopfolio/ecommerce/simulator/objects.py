"""Stripe's objects as JSON, shaped by the classes that its SDK declares."""

import secrets
import string
from types import NoneType
from typing import Any, get_args

import stripe
from stripe import checkout
from stripe._stripe_object import StripeObject

from shopfolio.ecommerce.simulator.contract import Params
from shopfolio.ecommerce.simulator.rules import DAY, line_amounts

Json = dict[str, Any]
LETTERS = string.ascii_letters + string.digits
OUR_OWN = {"later", "payment_intent_data"}
"""What the simulator notes on its objects for itself."""


def new_id(prefix: str, length: int = 24) -> str:
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(length))


def shaped(declared: type[StripeObject], values: Json) -> Json:
    """The values with every optional field of the class that they leave out, as null.

    Raises TypeError for a field that the class requires or does not know: a newer SDK fails a test.
    """
    fields = {name: kind for name, kind in declared.__annotations__.items() if name.islower()}
    optional = {name for name, kind in fields.items() if NoneType in get_args(kind)} - {"deleted"}
    if wrong := (values.keys() - fields.keys()) | (fields.keys() - optional - {"deleted"} - values.keys()):
        raise TypeError(f"{declared.__name__}: {', '.join(sorted(wrong))}")
    return dict.fromkeys(sorted(optional)) | values


def session(params: Params, *, now: int, origin: str) -> Json:
    """An open Checkout Session. origin: where the pay pages are."""
    id_ = new_id("cs_test_", 58)
    total = sum(line_amounts(params))
    given = {
        name: params[name]
        for name in (
            "allowed_payment_method_types", "cancel_url", "client_reference_id", "customer_email", "locale",
            "submit_type", "success_url",
        )
        if name in params
    }  # fmt: skip
    return shaped(
        checkout.Session,
        given
        | {
            "id": id_,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": False},
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": shaped(checkout.Session.AutomaticTax, {"enabled": False}),
            "created": now,
            "currency": _currency(params),
            "custom_fields": [],
            "custom_text": shaped(checkout.Session.CustomText, {}),
            "customer_creation": "if_required",
            "expires_at": params.get("expires_at", now + DAY),
            "livemode": False,
            "metadata": _metadata(params),
            "mode": "payment",
            "payment_method_collection": "if_required",
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "payment_status": "unpaid",
            "phone_number_collection": {"enabled": False},
            "shipping_options": [],
            "status": "open",
            "total_details": shaped(
                checkout.Session.TotalDetails, {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
            ),
            "ui_mode": "hosted_page",
            "url": f"{origin}/c/pay/{id_}",
        },
    )


def line_items(params: Params, *, now: int) -> list[Json]:
    return [
        shaped(
            stripe.LineItem,
            {
                "id": new_id("li_"),
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": amount,
                "amount_tax": 0,
                "amount_total": amount,
                "currency": _currency(params),
                "description": line["price_data"]["product_data"]["name"],
                "discounts": [],
                "price": _price(line["price_data"], now=now),
                "quantity": line["quantity"],
                "taxes": [],
            },
        )
        for line, amount in zip(params["line_items"], line_amounts(params), strict=True)
    ]


def _price(price_data: Params, *, now: int) -> Json:
    return shaped(
        stripe.Price,
        {
            "id": new_id("price_"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": now,
            "currency": price_data["currency"].lower(),
            "livemode": False,
            "metadata": {},
            "product": new_id("prod_", 14),
            "tax_behavior": price_data.get("tax_behavior", "unspecified"),
            "type": "one_time",
            "unit_amount": price_data["unit_amount"],
            "unit_amount_decimal": str(price_data["unit_amount"]),
        },
    )


def payment_intent(paid_session: Json, given: Params, *, method: str, now: int) -> Json:
    """given: the session's payment_intent_data. Its state and charge come from payments.py."""
    id_ = new_id("pi_")
    texts = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
    return shaped(
        stripe.PaymentIntent,
        {name: given[name] for name in texts if name in given}
        | {
            "id": id_,
            "object": "payment_intent",
            "amount": paid_session["amount_total"],
            "amount_capturable": 0,
            "amount_details": shaped(stripe.PaymentIntent.AmountDetails, {}),
            "amount_received": 0,
            "capture_method": "automatic_async",
            "client_secret": new_id(f"{id_}_secret_"),
            "confirmation_method": "automatic",
            "created": now,
            "currency": paid_session["currency"],
            "livemode": False,
            "metadata": _metadata(given),
            "payment_method": new_id("pm_"),
            "payment_method_options": {},
            "payment_method_types": [method],
            "status": "processing",
        },
    )


def charge(intent: Json, *, buyer: Json, details: Json, now: int) -> Json:
    """A pending charge. buyer: e-mail and name. details: payment_method_details."""
    address = shaped(stripe.Charge.BillingDetails.Address, {})
    return shaped(
        stripe.Charge,
        {
            "id": new_id("ch_"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "billing_details": shaped(stripe.Charge.BillingDetails, buyer | {"address": address}),
            "captured": False,
            "created": now,
            "currency": intent["currency"],
            "description": intent["description"],
            "disputed": False,
            "fraud_details": shaped(stripe.Charge.FraudDetails, {}),
            "livemode": False,
            "metadata": intent["metadata"],
            "paid": False,
            "payment_intent": intent["id"],
            "payment_method": intent["payment_method"],
            "payment_method_details": details,
            "receipt_email": intent["receipt_email"],
            "refunded": False,
            "status": "pending",
        },
    )


def refund(charge: Json, amount: int, given: Params, *, now: int) -> Json:
    """Its state comes from refunds.py."""
    return shaped(
        stripe.Refund,
        {
            "id": new_id("re_"),
            "object": "refund",
            "amount": amount,
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "destination_details": shaped(
                stripe.Refund.DestinationDetails, {"type": charge["payment_method_details"]["type"]}
            ),
            "metadata": _metadata(given),
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "reason": given.get("reason"),
            "status": "succeeded",
        },
    )


def dispute(charge: Json, *, now: int) -> Json:
    """All of a charge, asked back as fraud; a week to answer."""
    network = {"type": "card", "card": {"brand": "visa", "case_type": "chargeback"}}
    return shaped(
        stripe.Dispute,
        {
            "id": new_id("du_"),
            "object": "dispute",
            "amount": charge["amount"],
            "balance_transactions": [],
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": shaped(
                stripe.Dispute.Evidence,
                {"enhanced_evidence": shaped(stripe.Dispute.Evidence.EnhancedEvidence, {})},
            ),
            "evidence_details": shaped(
                stripe.Dispute.EvidenceDetails,
                {
                    "due_by": now + 7 * DAY,
                    "enhanced_eligibility": shaped(stripe.Dispute.EvidenceDetails.EnhancedEligibility, {}),
                    "has_evidence": False,
                    "past_due": False,
                    "submission_count": 0,
                    "submission_method": "not_submitted",
                },
            ),
            "intended_submission_method": "manual",
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "payment_method_details": network,
            "reason": "fraudulent",
            "status": "needs_response",
        },
    )


def customer_details(buyer: Json) -> Json:
    return shaped(
        checkout.Session.CustomerDetails,
        buyer
        | {
            "address": shaped(checkout.Session.CustomerDetails.Address, {}),
            "tax_exempt": "none",
            "tax_ids": [],
        },
    )


def event(kind: str, subject: Json, *, now: int) -> Json:
    return shaped(
        stripe.Event,
        {
            "id": new_id("evt_1"),
            "object": "event",
            "api_version": stripe.api_version,
            "created": now,
            "data": shaped(stripe.Event.Data, {"object": subject}),
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        },
    )


def _currency(params: Params) -> str:
    return str(params["line_items"][0]["price_data"]["currency"].lower())


def _metadata(given: Params) -> dict[str, str]:
    """An empty value means that there is no such key."""
    return {key: value for key, value in given.get("metadata", {}).items() if value}


def payment_error(code: str, message: str, *, charge: str) -> Json:
    return shaped(
        stripe.PaymentIntent.LastPaymentError,
        {"charge": charge, "code": code, "message": message, "type": "invalid_request_error"},
    )


def public(thing: Json) -> Json:
    """What the API shows of a stored object when nothing is expanded."""
    shown = {name: value for name, value in thing.items() if name not in OUR_OWN}
    return shown | {"line_items": None} if thing["object"] == "checkout.session" else shown
