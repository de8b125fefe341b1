"""The simulator's objects against the classes of Stripe's SDK, read here without the simulator's own code."""

from types import NoneType
from typing import Any, ClassVar, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

import pytest
import stripe
from stripe._stripe_object import StripeObject

from tests.stripe_simulator import line_item

DELETED = "deleted"  # only ever present on deleted objects


def faults(value: Any, declared: Any, where: str) -> list[str]:
    """Where the value is not of the declared type. Names of other resources accept any object."""
    if isinstance(declared, (str, ForwardRef, TypeVar)):
        return [] if isinstance(value, dict) else [f"{where}: {value!r} is no object"]
    origin, inner = get_origin(declared), get_args(declared)
    if origin is Union:
        tries = [faults(value, part, where) for part in inner]
        return [] if [] in tries else min(tries, key=len)
    if origin is Literal:
        return [] if value in inner else [f"{where}: {value!r}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [fault for n, each in enumerate(value) for fault in faults(each, inner[0], f"{where}[{n}]")]
    if declared is NoneType:
        return [] if value is None else [f"{where}: {value!r}"]
    kind = origin or declared
    if isinstance(kind, type) and issubclass(kind, StripeObject):
        return (
            object_faults(value, kind, where)
            if isinstance(value, dict)
            else [f"{where}: {value!r} is no object"]
        )
    if declared is Any or kind.__name__ == "Decimal":
        return []
    fits = isinstance(value, declared) and not (declared is int and isinstance(value, bool))
    return [] if fits else [f"{where}: {value!r} is no {declared.__name__}"]


def object_faults(value: dict[str, Any], declared: type, where: str) -> list[str]:
    annotations = {
        name: kind
        for name, kind in vars(declared).get("__annotations__", {}).items()
        if get_origin(kind) is not ClassVar and name.islower() and name not in {DELETED, "_inner_class_types"}
    }
    if not annotations:  # metadata and other objects without declared fields
        return []
    found = [f"{where}.{name} is missing" for name in annotations.keys() - value.keys()]
    found += [f"{where}.{name} is unknown" for name in value.keys() - annotations.keys() - {"object"}]
    for name in annotations.keys() & value.keys():
        found += faults(value[name], annotations[name], f"{where}.{name}")
    return found


# Of these Stripe sends the branches in use only.
LOOSE = ("payment_method_details", "payment_method_options", "destination_details")


def tight(found: list[str]) -> list[str]:
    return [fault for fault in found if not any(name in fault for name in LOOSE)]


@pytest.fixture(params=["open", "paid", "expired", "debit", "debit failed", "free"])
def session(request, simulator):
    made = simulator.new_session(line_items=[line_item(amount=0 if request.param == "free" else 1200)])
    match request.param:
        case "paid" | "free":
            simulator.pay(made.url)
        case "expired":
            simulator.client.v1.checkout.sessions.expire(made.id)
        case "debit":
            simulator.press(made.url, "pay_later")
        case "debit failed":
            simulator.press(made.url, "pay_later")
            simulator.press(made.url, "fail")
    expand = {"expand": ["line_items", "payment_intent.latest_charge"]}
    return simulator.client.v1.checkout.sessions.retrieve(made.id, expand)


def test_every_field_of_stripes_classes_is_there_with_its_type(session, simulator):
    whole = session.to_dict()
    intent = whole["payment_intent"]

    assert tight(object_faults(whole, stripe.checkout.Session, "session")) == []
    for item in whole["line_items"]["data"]:
        assert tight(object_faults(item, stripe.LineItem, "line_item")) == []
        assert tight(object_faults(item["price"], stripe.Price, "price")) == []
    if intent:
        assert tight(object_faults(intent, stripe.PaymentIntent, "intent")) == []
        assert tight(object_faults(intent["latest_charge"], stripe.Charge, "charge")) == []
    for event in simulator.client.v1.events.list().data:
        assert tight(object_faults(event.to_dict(), stripe.Event, "event")) == []


def test_the_comparison_notices_what_is_missing_unknown_or_of_another_type(simulator):
    whole = simulator.new_session().to_dict()
    del whole["status"]
    whole |= {"colour": "red", "amount_total": "2400", "mode": None}

    found = sorted(tight(object_faults(whole, stripe.checkout.Session, "session")))

    assert [fault.split()[0].rstrip(":") for fault in found] == [
        "session.amount_total", "session.colour", "session.mode", "session.status",
    ]  # fmt: skip


def test_ids_look_like_stripes(simulator):
    session = simulator.new_session()
    simulator.pay(session.url)

    found = simulator.client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["line_items", "payment_intent.latest_charge"]}
    )

    ids = [
        found.id,
        found.line_items.data[0].id,
        found.payment_intent.id,
        found.payment_intent.latest_charge.id,
    ]
    assert [id_.rpartition("_")[0] for id_ in ids] == ["cs_test", "li", "pi", "ch"]


@pytest.mark.parametrize("card", ["4242424242424242", "4000000000007726", "4000000000005126"])
@pytest.mark.parametrize("later", [0, 60])
def test_a_refund_has_every_field_of_stripes_class(simulator, card, later):
    session = simulator.new_session()
    simulator.pay(session.url, card=card)
    intent = simulator.client.v1.checkout.sessions.retrieve(session.id).payment_intent
    made = simulator.client.v1.refunds.create({"payment_intent": intent})
    simulator.clock.ahead = later

    found = simulator.client.v1.refunds.retrieve(made.id)

    assert tight(object_faults(found.to_dict(), stripe.Refund, "refund")) == []
    assert found.id.startswith("re_")


def test_a_dispute_has_every_field_of_stripes_class(simulator):
    session = simulator.new_session()
    simulator.pay(session.url, card="4000000000000259")

    [found] = simulator.client.v1.disputes.list().data

    assert tight(object_faults(found.to_dict(), stripe.Dispute, "dispute")) == []
