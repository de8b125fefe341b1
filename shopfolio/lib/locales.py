"""Dates, countries and amounts in the reader's language."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal

NOT_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
"""Two-letter codes in CLDR that are groups, test regions, or parts of another country."""


@cache
def locale_of(language: str) -> Locale:
    """language: a code such as "pt-br"; one that nobody knows reads as English, for a mail must go out."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")


def format_day(day: date, language: str) -> str:
    # "English" alone would be American; the day first is what the rest of the world reads.
    return format_date(day, "d MMMM y" if language == "en" else "long", locale=locale_of(language))


def countries(codes: Iterable[str], language: str) -> list[tuple[str, str]]:
    """Codes and names in a language, by name. Without codes: every country."""
    names = {str(code): name for code, name in locale_of(language).territories.items()}
    wanted = set(codes) or {code for code in names if len(code) == 2 and code.isalpha()} - NOT_COUNTRIES
    return sorted(((code, names.get(code, code)) for code in wanted), key=lambda country: country[1])


def country_name(code: str, language: str) -> str:
    return str(locale_of(language).territories.get(code, code))


def language_name(code: str, language: str) -> str:
    return str(locale_of(language).languages.get(code.split("-")[0], code))


def currency_name(code: str, language: str) -> str:
    return str(locale_of(language).currencies.get(code, code))


def format_percent(basis_points: int, language: str) -> str:
    """2300 is 23 %, 550 is 5.5 %."""
    figure = format_decimal(Decimal(basis_points).scaleb(-2).normalize(), locale=locale_of(language))
    return f"{figure}\u00a0%"
