import pytest
from django.test import RequestFactory

from shopfolio.lib.http import visitors_address, visitors_network, visitors_region


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.1.2.3", "198.51.100.9, 203.0.113.5, 10.9.9.9", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.9", "203.0.113.5"),
        ("127.0.0.1", "198.51.100.9, nonsense", "127.0.0.1"),
        ("::1", "198.51.100.9", "::1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
        ("127.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("127.0.0.1", "[2001:db8::1], 10.0.0.1:80", "2001:db8::1"),
        ("", "203.0.113.5", ""),
    ],
)
def test_only_proxies_of_ours_are_believed_where_a_visitor_comes_from(settings, peer, forwarded, visitor):
    settings.TRUSTED_PROXIES = ["127.0.0.1/32", "10.0.0.0/8"]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert visitors_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)) == visitor


@pytest.mark.parametrize(
    ("address", "network", "region"),
    [
        ("203.0.113.5", "203.0.113.0/24", "203.0.0.0/16"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("::ffff:203.0.113.5", "203.0.113.0/24", "203.0.0.0/16"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("", "", ""),
    ],
)
def test_a_visitors_network_is_what_one_visitor_can_hardly_choose(address, network, region):
    request = RequestFactory().get("/", REMOTE_ADDR=address)

    assert (visitors_network(request), visitors_region(request)) == (network, region)
