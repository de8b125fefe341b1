import pytest

from shopfolio.core.models import Subscriber
from shopfolio.ecommerce.models import Order
from shopfolio.lib.tokens import derived, is_derived

FIRST, SECOND, THIRD = (letter * 50 for letter in "abc")


def test_a_token_is_of_one_purpose_one_subject_and_one_key(settings):
    settings.SECRET_KEY = FIRST
    token = derived("order", "1")

    assert len(token) == 32
    assert is_derived(token, "order", "1")
    assert not is_derived(token, "order", "2")
    assert not is_derived(token, "letter", "1")
    settings.SECRET_KEY = SECOND
    assert not is_derived(token, "order", "1")


@pytest.mark.parametrize("token", ["", "0" * 32, "ä", "\x00"])
def test_what_was_made_up_is_none(token):
    assert not is_derived(token, "order", "1")


@pytest.mark.rows
@pytest.mark.django_db
def test_after_a_change_of_key_earlier_links_still_lead_there(settings):
    settings.SECRET_KEY = FIRST
    order = Order.objects.create(email="marta@example.org", name="Marta", currency="EUR", total=1)
    reader = Subscriber.objects.create(email="ana@example.org")
    sent, left = order.token, reader.leaving_token

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = SECOND, [THIRD, FIRST]

    assert order.token != sent
    for token in (sent, order.token):
        assert Order.objects.by_token(token) == order
    assert Subscriber.objects.by_leaving_token(left) == reader
    settings.SECRET_KEY_FALLBACKS = [THIRD]
    assert Order.objects.by_token(sent) is None
    assert Subscriber.objects.by_leaving_token(left) is None


@pytest.mark.rows
@pytest.mark.django_db
def test_a_revoked_link_stays_revoked_under_every_key(settings):
    settings.SECRET_KEY = FIRST
    order = Order.objects.create(email="marta@example.org", name="Marta", currency="EUR", total=1)
    sent = order.token
    Order.objects.update(link_version=2)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = SECOND, [FIRST]

    assert Order.objects.by_token(sent) is None


@pytest.mark.rows
@pytest.mark.django_db
@pytest.mark.parametrize("way", ["{{{}}}", "urn:uuid:{}", "{} "])
def test_a_link_is_written_in_one_way(way):
    order = Order.objects.create(email="marta@example.org", name="Marta", currency="EUR", total=1)
    reader = Subscriber.objects.create(email="ana@example.org")
    secret, leaving = order.token.partition(".")[2], reader.leaving_token.partition(".")[2]

    assert Order.objects.by_token(f"{order.pk}.{secret}") == order
    assert Order.objects.by_token(f"{way.format(order.pk)}.{secret}") is None
    assert Order.objects.by_token(f"{order.pk.hex.upper()}.{secret}") is None
    assert Subscriber.objects.by_leaving_token(f"{way.format(reader.pk)}.{leaving}") is None
