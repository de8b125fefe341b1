"""Stripe's rules about a new Checkout Session that its types do not say, as far as the shop touches them."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from shopfolio.ecommerce.simulator.contract import Params
from shopfolio.ecommerce.simulator.errors import StripeError
from shopfolio.lib.money import EXPONENTS, MINIMUM

HALF_HOUR, DAY = 30 * 60, 24 * 60 * 60
MOST_LINES = 100
LARGEST_AMOUNT = 99_999_999

SIMULATED = frozenset(
    {
        "adaptive_pricing[enabled]", "allowed_payment_method_types[]", "automatic_tax[enabled]",
        "cancel_url", "client_reference_id", "currency", "customer_email", "expand[]", "expires_at",
        "invoice_creation[enabled]", "line_items[][price_data][currency]",
        "line_items[][price_data][product_data][description]",
        "line_items[][price_data][product_data][images][]",
        "line_items[][price_data][product_data][metadata][*]",
        "line_items[][price_data][product_data][name]", "line_items[][price_data][product_data][tax_code]",
        "line_items[][price_data][tax_behavior]", "line_items[][price_data][unit_amount]",
        "line_items[][quantity]", "locale", "metadata[*]", "mode", "payment_intent_data[description]",
        "payment_intent_data[metadata][*]", "payment_intent_data[receipt_email]",
        "payment_intent_data[statement_descriptor]", "payment_intent_data[statement_descriptor_suffix]",
        "submit_type", "success_url", "ui_mode",
    }
)  # fmt: skip
"""What the simulator understands. The rest of Stripe's parameters it refuses: ignoring one would be a lie."""
ONLY_OFF = frozenset({"adaptive_pricing[enabled]", "automatic_tax[enabled]", "invoice_creation[enabled]"})


def check_new_session(params: Params, *, now: int) -> None:
    """Raise StripeError at the first rule that is broken."""
    check_simulated(params, SIMULATED)
    if params.get("mode") != "payment":
        raise StripeError("The simulator only knows `mode` payment.", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError("The simulator only knows `ui_mode` hosted_page.", param="ui_mode")
    _check_urls(params)
    _check_texts(params)
    _check_expiry(params, now=now)
    _check_amounts(params)


def line_amounts(params: Params) -> list[int]:
    return [line["price_data"]["unit_amount"] * line["quantity"] for line in params["line_items"]]


def check_simulated(params: Params, simulated: frozenset[str]) -> None:
    """Raise StripeError for a parameter that is not among the simulated ones."""
    for path, value in _leaves(params, ""):
        generic = re.sub(r"\[\d+\]", "[]", path)
        known = generic in simulated or generic.rpartition("[")[0] + "[*]" in simulated
        if not known or (generic in ONLY_OFF and value):
            raise StripeError(
                f"The simulator does not simulate {path} yet.", code="not_simulated", param=path
            )


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}[{name}]" if path else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def _check_urls(params: Params) -> None:
    _required(params.get("success_url"), "success_url")
    for param in ("success_url", "cancel_url"):
        address = params.get(param)
        if address is None:
            continue
        try:
            parts = urlsplit(address)
            valid = (
                parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", address)
            )
        except ValueError:
            valid = False
        if not valid:
            raise StripeError("Not a valid URL", code="url_invalid", param=param)
        _at_most(address, 5_000, param)


def _check_texts(params: Params) -> None:
    _at_most(params.get("client_reference_id", ""), 200, "client_reference_id")
    intent = params.get("payment_intent_data", {})
    check_metadata(params.get("metadata", {}), "metadata")
    check_metadata(intent.get("metadata", {}), "payment_intent_data[metadata]")
    emails = {"customer_email": params, "payment_intent_data[receipt_email]": intent}
    for param, holder in emails.items():
        email = holder.get(param.rpartition("[")[2].removesuffix("]"))
        if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", email):
            raise StripeError(f"Invalid email address: {email}", code="email_invalid", param=param)


def check_metadata(metadata: dict[str, str], param: str) -> None:
    if len(metadata) > 50:
        raise StripeError(f"Metadata can have at most 50 keys, not {len(metadata)}.", param=param)
    for key, value in metadata.items():
        _at_most(key, 40, f"{param}[{key}]", what="Metadata keys")
        _at_most(value, 500, f"{param}[{key}]", what="Metadata values")


def _check_expiry(params: Params, *, now: int) -> None:
    ahead = params.get("expires_at", now + DAY) - now
    if ahead < HALF_HOUR:
        raise StripeError(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
            param="expires_at",
        )
    if ahead > DAY:
        raise StripeError(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )


def _check_amounts(params: Params) -> None:
    if not params.get("line_items"):
        raise StripeError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    if len(params["line_items"]) > MOST_LINES:
        raise StripeError(f"You can pass at most {MOST_LINES} line items.", param="line_items")
    for index, line in enumerate(params["line_items"]):
        _check_line(line, f"line_items[{index}]")
    currencies = {line["price_data"]["currency"].lower() for line in params["line_items"]}
    if len(currencies | {params["currency"].lower()} if "currency" in params else currencies) > 1:
        raise StripeError("All line items must have the same currency.", param="line_items")
    _check_total(sum(line_amounts(params)), currencies.pop())


def _check_line(line: Params, param: str) -> None:
    price = line.get("price_data")
    if price is None:
        raise _missing(f"{param}[price_data]")
    if "product_data" not in price:
        raise _missing(f"{param}[price_data][product_data]")
    if "unit_amount" not in price:
        raise _missing(f"{param}[price_data][unit_amount]")
    if "quantity" not in line:
        raise _missing(f"{param}[quantity]")
    _required(price["product_data"]["name"], f"{param}[price_data][product_data][name]")
    check_metadata(price["product_data"].get("metadata", {}), f"{param}[price_data][product_data][metadata]")
    if price["currency"].upper() not in EXPONENTS:
        raise StripeError(f"Invalid currency: {price['currency']}", param=f"{param}[price_data][currency]")
    if price["unit_amount"] < 0:
        raise _not_negative(f"{param}[price_data][unit_amount]", "0")
    if price["unit_amount"] > LARGEST_AMOUNT:
        raise _too_large(f"{param}[price_data][unit_amount]")
    if line["quantity"] < 1:
        raise _not_negative(f"{param}[quantity]", "1")


def _check_total(total: int, currency: str) -> None:
    least = MINIMUM.get(currency.upper(), 1)
    if 0 < total < least:
        raise StripeError(
            f"The Checkout Session's total amount due must be at least {least} (minor units, {currency}).",
            code="amount_too_small",
        )
    if total > LARGEST_AMOUNT:
        raise _too_large("line_items")


def _required(value: str | None, param: str) -> None:
    if value is None:
        raise _missing(param)
    if not value.strip():
        raise StripeError(
            f"You passed an empty string for '{param}'.", code="parameter_invalid_empty", param=param
        )


def _at_most(value: str, limit: int, param: str, *, what: str = "Values") -> None:
    if len(value) > limit:
        raise StripeError(f"{what} can be at most {limit} characters long: {param}", param=param)


def _missing(param: str) -> StripeError:
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def _not_negative(param: str, least: str) -> StripeError:
    return StripeError(
        f"This value must be greater than or equal to {least}.", code="parameter_invalid_integer", param=param
    )


def _too_large(param: str) -> StripeError:
    return StripeError(
        f"The amount must be no more than {LARGEST_AMOUNT} in minor units.",
        code="amount_too_large",
        param=param,
    )
