"""Money: a whole number of minor units (cents) and a currency; never a float."""

from decimal import Decimal, InvalidOperation

from babel.numbers import format_currency

from shopfolio.lib.locales import locale_of

EXPONENTS = {
    "AUD": 2, "BGN": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "GEL": 2,
    "HKD": 2, "ILS": 2, "INR": 2, "JPY": 0, "KRW": 0, "MAD": 2, "MDL": 2, "MXN": 2, "MYR": 2, "NOK": 2,
    "NZD": 2, "PHP": 2, "PLN": 2, "RON": 2, "SAR": 2, "SEK": 2, "SGD": 2, "THB": 2, "TRY": 2, "USD": 2,
    "ZAR": 2,
}  # fmt: skip
"""Currencies in which ISO 4217, Stripe and Babel agree on the number of decimals; a test compares."""

MINIMUM = {
    "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30,
    "HKD": 400, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200,
    "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
"""The least that Stripe charges; https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts."""


def format_money(amount: int, currency: str, language: str = "en") -> str:
    """amount: minor units. Whole amounts keep their decimals, so that columns line up."""
    decimal = Decimal(amount).scaleb(-EXPONENTS[currency])
    return str(format_currency(decimal, currency, locale=locale_of(language)))


def to_decimal(amount: int, currency: str) -> Decimal:
    """The amount in major units, as people write it."""
    return Decimal(amount).scaleb(-EXPONENTS[currency])


def to_minor(text: str | Decimal, currency: str) -> int:
    """Minor units of what a person wrote ("24", "24.50").

    Raises ValueError when it is no number or has more decimals than the currency.
    """
    try:
        scaled = Decimal(text).scaleb(EXPONENTS[currency])
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(text)
    return int(scaled)


def share(amount: int, numerator: int, denominator: int) -> int:
    """amount * numerator / denominator, rounded half to even, in whole numbers."""
    quotient, remainder = divmod(amount * numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient % 2):
        quotient += 1
    return quotient


def tax_inside(gross: int, basis_points: int) -> int:
    """The tax that a gross amount contains. basis_points: 2300 is 23 %."""
    return share(gross, basis_points, 10_000 + basis_points)


def tax_on(net: int, basis_points: int) -> int:
    """The tax to add to a net amount. basis_points: 2300 is 23 %."""
    return share(net, basis_points, 10_000)
