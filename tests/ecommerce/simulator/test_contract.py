import pytest
import requests
import stripe

from tests.stripe_simulator import line_item, session_params

NAMELESS = {"currency": "eur", "unit_amount": 100}


def refusal(simulator, **changes):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        simulator.new_session(**changes)
    assert refused.value.http_status == 400
    assert simulator.client.v1.checkout.sessions.list().data == []
    return refused.value


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"sucess_url": "http://x.example"}, "sucess_url", "parameter_unknown"),
        ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
        ({"mode": "pay"}, "mode", None),
        ({"mode": "subscription"}, "mode", None),
        ({"mode": None}, "mode", None),
        ({"ui_mode": "hosted"}, "ui_mode", None),
        ({"ui_mode": "embedded_page"}, "ui_mode", None),
        ({"line_items": None}, "line_items", "parameter_missing"),
        ({"line_items": "a print"}, "line_items", None),
        ({"success_url": None}, "success_url", "parameter_missing"),
        ({"success_url": "/checkout/return/"}, "success_url", "url_invalid"),
        ({"cancel_url": "javascript:alert(1)"}, "cancel_url", "url_invalid"),
        ({"customer_email": "marta"}, "customer_email", "email_invalid"),
        ({"expires_at": "12.5"}, "expires_at", "parameter_invalid_integer"),
        ({"expires_at": "abc"}, "expires_at", "parameter_invalid_integer"),
        ({"client_reference_id": "x" * 201}, "client_reference_id", None),
        ({"metadata": {f"key{n}": "x" for n in range(51)}}, "metadata", None),
        ({"metadata": {"k" * 41: "x"}}, f"metadata[{'k' * 41}]", None),
        ({"metadata": {"key": "x" * 501}}, "metadata[key]", None),
        ({"metadata": "x"}, "metadata", None),
        (
            {"payment_intent_data": {"metadata": {"key": "x" * 501}}},
            "payment_intent_data[metadata][key]",
            None,
        ),
        ({"payment_intent_data": {"amount": 5}}, "payment_intent_data[amount]", "parameter_unknown"),
        ({"discounts": [{"coupon": "half"}]}, "discounts[0][coupon]", "not_simulated"),
        ({"automatic_tax": {"enabled": True}}, "automatic_tax[enabled]", "not_simulated"),
        ({"automatic_tax": {"enabled": "yes"}}, "automatic_tax[enabled]", None),
    ],
)
def test_wrong_parameters_are_refused_by_name(simulator, changes, param, code):
    refused = refusal(simulator, **changes)

    assert (refused.param, refused.code) == (param, code)


@pytest.mark.parametrize(
    ("line", "param", "code"),
    [
        (line_item(amount=12.5), "[price_data][unit_amount]", "parameter_invalid_integer"),
        (line_item(amount="12.0"), "[price_data][unit_amount]", "parameter_invalid_integer"),
        (line_item(amount=-1), "[price_data][unit_amount]", "parameter_invalid_integer"),
        (line_item(amount=100_000_000), "[price_data][unit_amount]", "amount_too_large"),
        (line_item(amount=None), "[price_data][unit_amount]", "parameter_missing"),
        (line_item(quantity=0), "[quantity]", "parameter_invalid_integer"),
        (line_item(quantity="1.5"), "[quantity]", "parameter_invalid_integer"),
        (line_item(quantity=None), "[quantity]", "parameter_missing"),
        (line_item(name=" "), "[price_data][product_data][name]", "parameter_invalid_empty"),
        (line_item(currency="xyz"), "[price_data][currency]", None),
        (line_item(currency=None), "[price_data][currency]", "parameter_missing"),
        ({"quantity": 1, "price_data": NAMELESS}, "[price_data][product_data]", "parameter_missing"),
        ({"quantity": 1}, "[price_data]", "parameter_missing"),
        ({"quantity": 1, "price": "price_1"}, "[price]", "not_simulated"),
    ],
)  # fmt: skip
def test_wrong_lines_are_refused_by_name(simulator, line, param, code):
    refused = refusal(simulator, line_items=[line_item(), line])

    assert (refused.param, refused.code) == (f"line_items[1]{param}", code)


def test_lines_must_have_one_currency(simulator):
    refused = refusal(simulator, line_items=[line_item(), line_item(currency="usd")])

    assert refused.param == "line_items"


@pytest.mark.parametrize(
    ("currency", "least"), [("eur", 50), ("gbp", 30), ("jpy", 50), ("pln", 200), ("czk", 1500)]
)
def test_a_total_below_stripes_minimum_is_refused(simulator, currency, least):
    refused = refusal(simulator, line_items=[line_item(amount=least - 1, quantity=1, currency=currency)])

    assert refused.code == "amount_too_small"
    assert (
        simulator.new_session(
            line_items=[line_item(amount=least, quantity=1, currency=currency)]
        ).amount_total
        == least
    )


def test_everything_the_shop_sends_is_accepted(simulator):
    session = simulator.new_session(
        ui_mode="hosted_page",
        adaptive_pricing={"enabled": False},
        locale="de",
        metadata={"0": "a key that looks like an index", "empty": ""},
        payment_intent_data={"description": "Order 7", "metadata": {"order": "7"}},
    )

    assert session.metadata.to_dict() == {"0": "a key that looks like an index"}
    assert session.locale == "de"


def test_a_wrong_key_is_refused(simulator):
    client = simulator.new_client(key="sk_test_simulator_another")

    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        client.v1.checkout.sessions.create(session_params())

    assert simulator.client.v1.checkout.sessions.list().data == []


def test_another_version_of_the_api_is_refused(simulator):
    headers = {"Authorization": f"Bearer {simulator.key}", "Stripe-Version": "2019-02-19"}

    answer = requests.get(simulator.url + "/v1/events", headers=headers, timeout=5)

    assert answer.status_code == 400
    assert "2019-02-19" in answer.json()["error"]["message"]


@pytest.mark.parametrize("params", [{"type": "checkout.session.*"}, {"delivery_success": True}, {"limit": 0}])
def test_a_filter_that_would_be_ignored_is_refused(simulator, params):
    with pytest.raises(stripe.InvalidRequestError):
        simulator.client.v1.events.list(params)


def test_no_key_at_all_is_refused(simulator):
    answer = requests.get(simulator.url + "/v1/events", timeout=5)

    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/customers"), ("DELETE", "/v1/events"), ("GET", "/v1/")]
)
def test_other_addresses_do_not_exist(simulator, method, path):
    headers = {"Authorization": f"Bearer {simulator.key}"}

    answer = requests.request(method, simulator.url + path, headers=headers, timeout=5)

    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(f"Unrecognized request URL ({method}: {path})")


@pytest.mark.parametrize(
    "body",
    [
        "a=1&a=2",
        "line_items[0=1",
        "a[b]=1&a=2",
        "[=]",
        "x" * 50 + "[a]" * 20 + "=1",
        "line_items[1][quantity]=1",
    ],
)
def test_a_broken_form_is_refused_not_crashed_on(simulator, body):
    headers = {
        "Authorization": f"Bearer {simulator.key}",
        "Content-Type": "application/x-www-form-urlencoded",
    }

    answer = requests.post(simulator.url + "/v1/checkout/sessions", data=body, headers=headers, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
