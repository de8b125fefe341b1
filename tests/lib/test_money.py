from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from shopfolio.lib.money import (
    EXPONENTS,
    MINIMUM,
    format_money,
    share,
    tax_inside,
    tax_on,
    to_decimal,
    to_minor,
)

currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.integers(min_value=-(10**14), max_value=10**14)
rates = st.integers(min_value=0, max_value=10_000)


def in_decimal(amount: int, numerator: int, denominator: int) -> int:
    exact = Decimal(amount) * numerator / denominator
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_the_decimals_of_a_currency_are_babels(currency: str) -> None:
    assert EXPONENTS[currency] == get_currency_precision(currency)


def test_the_least_amounts_are_of_currencies_that_we_sell_in() -> None:
    assert set(MINIMUM) <= set(EXPONENTS)


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (2400, "EUR", "en", "€24.00"),
        (2400, "EUR", "de", "24,00\xa0€"),
        (123456789, "EUR", "pt-PT", "1\xa0234\xa0567,89\xa0€"),
        (2400, "JPY", "en", "¥2,400"),
        (5, "USD", "en", "$0.05"),
        (-5, "USD", "en", "-$0.05"),
    ],
)
def test_money_is_written_as_its_reader_expects(amount: int, currency: str, language: str, text: str) -> None:
    assert format_money(amount, currency, language) == text


@given(amounts, currencies)
def test_what_is_written_out_is_read_back(amount: int, currency: str) -> None:
    assert to_minor(to_decimal(amount, currency), currency) == amount
    assert to_minor(str(to_decimal(amount, currency)), currency) == amount


@pytest.mark.parametrize("text", ["", "ten", "1.001", "NaN", "Infinity", "1,50", "-"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        to_minor(text, "EUR")


def test_a_currency_without_decimals_takes_none() -> None:
    assert to_minor("1500", "JPY") == 1500
    with pytest.raises(ValueError, match=r"1500\.5"):
        to_minor("1500.5", "JPY")


@given(st.integers(-(10**11), 10**11), st.integers(0, 20_000), st.integers(1, 20_000))
def test_a_share_is_rounded_half_to_even(amount: int, numerator: int, denominator: int) -> None:
    assert share(amount, numerator, denominator) == in_decimal(amount, numerator, denominator)


@pytest.mark.parametrize(("amount", "half"), [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2)])
def test_halves_go_to_the_even_neighbour(amount: int, half: int) -> None:
    assert share(amount, 1, 2) == half


@given(st.integers(0, 10**11), rates)
def test_the_tax_inside_a_gross_amount_leaves_a_net_that_bears_it(gross: int, rate: int) -> None:
    tax = tax_inside(gross, rate)

    assert 0 <= tax <= gross
    assert abs(tax_on(gross - tax, rate) - tax) <= 1


def test_tax_is_exact_where_it_can_be() -> None:
    assert tax_inside(12300, 2300) == 2300
    assert tax_on(10000, 2300) == 2300
    assert tax_inside(9999, 0) == 0
