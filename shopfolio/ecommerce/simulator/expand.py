"""`expand[]`: objects instead of their ids, as far as the simulator has them."""

from shopfolio.ecommerce.simulator.errors import StripeError
from shopfolio.ecommerce.simulator.objects import Json, public
from shopfolio.ecommerce.simulator.store import Transaction

DEEPEST = 4
EXPANDABLE = {
    "checkout.session": {
        "customer",
        "invoice",
        "line_items",
        "payment_intent",
        "payment_link",
        "setup_intent",
    },
    "payment_intent": {"customer", "latest_charge", "review"},
    "refund": {"balance_transaction", "charge", "failure_balance_transaction", "payment_intent"},
    "charge": {"balance_transaction", "customer", "payment_intent", "review"},
}
KINDS = {"payment_intent": "payment_intent", "latest_charge": "charge", "charge": "charge"}


def expanded(tx: Transaction, thing: Json, paths: list[str], *, prefix: str = "") -> Json:
    """What the API shows of a stored object or a list. paths: such as payment_intent.latest_charge."""
    inner: dict[str, list[str]] = {}
    for path in paths:
        if path.count(".") >= DEEPEST:
            raise StripeError(f"You cannot expand more than {DEEPEST} levels: {path}", param="expand")
        name, _, rest = path.partition(".")
        inner.setdefault(name, []).extend([rest] if rest else [])
    if thing["object"] == "list":
        return _expanded_list(tx, thing, inner, prefix)
    shown = public(thing)
    for name, deeper in inner.items():
        if name not in EXPANDABLE.get(thing["object"], ()):
            raise StripeError(f"This property cannot be expanded ({prefix}{name}).", param="expand")
        if thing[name] is not None:
            shown[name] = expanded(tx, _related(tx, thing, name), deeper, prefix=f"{prefix}{name}.")
    return shown


def _expanded_list(tx: Transaction, page: Json, inner: dict[str, list[str]], prefix: str) -> Json:
    if inner.keys() - {"data"} or inner == {"data": []}:
        raise StripeError(f"This property cannot be expanded ({prefix}{next(iter(inner))}).", param="expand")
    rest = inner.get("data", [])
    return page | {"data": [expanded(tx, thing, rest, prefix=f"{prefix}data.") for thing in page["data"]]}


def _related(tx: Transaction, thing: Json, name: str) -> Json:
    if name == "line_items":
        return line_item_list(thing, thing[name][:10], has_more=len(thing[name]) > 10)
    return tx.get(KINDS[name], thing[name])


def line_item_list(session: Json, items: list[Json], *, has_more: bool) -> Json:
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return {"object": "list", "data": items, "has_more": has_more, "url": url}
