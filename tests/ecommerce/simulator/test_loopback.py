import io
import socket

import pytest
import requests
from django.core.management import CommandError, call_command

from shopfolio.ecommerce.simulator.config import Config, Refused
from shopfolio.lib.addresses import is_loopback


def config(tmp_path, **changes):
    values = {
        "database": tmp_path / "s",
        "key": "sk_test_simulator_x",
        "webhook_secret": "whsec_x",
        "port": 1,
    }
    return Config(**values | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "sk_live_x"},
        {"key": "sk_test_x"},
        {"key": ""},
        {"key": "sk_test_simulator_"},
        {"webhook_secret": ""},
        {"host": "0.0.0.0"},  # noqa: S104 - that it is refused
        {"host": ""},
        {"host": "192.168.1.4"},
        {"host": "shop.example"},
        {"webhook_url": "https://shop.example/webhooks/stripe/"},
    ],
)
def test_the_simulator_does_not_start_where_it_could_be_taken_for_stripe(tmp_path, changes):
    with pytest.raises(Refused):
        config(tmp_path, **changes)


@pytest.mark.parametrize(
    ("host", "is_here"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("LOCALHOST", True), ("10.0.0.1", False), ("localhost.example", False), ("127.0.0.1.nip.io", False),
     ("", False)],
)  # fmt: skip
def test_this_machine_is_known_by_its_names(host, is_here):
    assert is_loopback(host) is is_here


@pytest.mark.parametrize("host", ["shop.example", "127.0.0.1.nip.io:8001", "[2001:db8::1]:8001", "[::1", ""])
@pytest.mark.parametrize("path", ["/v1/events", "/c/pay/cs_test_x", "/pay.css"])
def test_a_request_under_another_name_is_refused(simulator, host, path):
    headers = {"Host": host, "Authorization": f"Bearer {simulator.key}"}

    answer = requests.get(simulator.url + path, headers=headers, timeout=5)

    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_request_through_a_proxy_is_refused(simulator, name):
    answer = requests.get(simulator.url + "/c/pay/cs_test_x", headers={name: "127.0.0.1"}, timeout=5)

    assert answer.status_code == 403


def test_a_request_from_another_machine_is_refused(simulator):
    answered = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/pay.css",
        "REMOTE_ADDR": "192.168.1.4",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.input": io.BytesIO(),
    }

    simulator.app(environ, lambda status, headers: answered.append(status))

    assert answered == ["403 Forbidden"]


def test_only_this_machine_can_reach_the_port(simulator):
    with socket.create_connection(("127.0.0.1", simulator.config.port), timeout=5) as here:
        assert here.getpeername()[0] == "127.0.0.1"


def test_the_command_refuses_a_real_key_with_a_sentence():
    with pytest.raises(CommandError, match="only takes a key that starts with sk_test_simulator_"):
        call_command("stripe_simulator", key="sk_test_real", webhook_secret="whsec_x")
