from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib.admin.options import BaseModelAdmin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shopfolio.core.services import site
from shopfolio.lib.money import format_money, to_decimal, to_minor

MOST = 99_999_999
"""Minor units; Stripe charges no more at once."""


class MoneyField(forms.IntegerField):
    """An amount as people write it ("24", "24.50"); minor units inside.

    code: the currency, if not the site's.
    """

    code = ""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "vMoneyField", "autocomplete": "off"})
    default_error_messages = {"invalid": gettext_lazy("An amount such as 24 or 24.50, please.")}

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if isinstance(value, int):
            return value
        text = str(value).strip().replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
        if "." not in text:
            text = text.replace(",", ".")
        try:
            amount = to_minor(text, self.code or currency())
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if not 0 <= amount <= MOST:
            most = shown_money(MOST, self.code or currency())
            raise ValidationError(_("Between nothing and %(most)s."), code="range", params={"most": most})
        return amount

    def prepare_value(self, value: Any) -> Any:
        return f"{to_decimal(value, self.code or currency()):f}" if isinstance(value, int) else value


class PercentField(forms.IntegerField):
    """A rate as people write it ("23", "5.5"); hundredths of a percent inside."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "vMoneyField", "autocomplete": "off"})
    default_error_messages = {"invalid": gettext_lazy("A rate such as 23 or 5.5, please.")}

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values or isinstance(value, int):
            return None if value in self.empty_values else value
        text = str(value).replace("%", "").replace(",", ".").strip()
        try:
            rate = Decimal(text).scaleb(2)
        except InvalidOperation as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if not rate.is_finite() or not 0 <= rate <= 10_000 or rate != rate.to_integral_value():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(rate)

    def prepare_value(self, value: Any) -> Any:
        return f"{Decimal(value).scaleb(-2).normalize():f}" if isinstance(value, int) else value


def currency() -> str:
    return site().profile.currency


class MoneyFieldsMixin(BaseModelAdmin[Any]):
    """Asks for the amounts named in `money_fields` in major units, and for tax rates in percent."""

    money_fields: tuple[str, ...] = ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "tax_rate":
            own = _("Empty: the shop's.") if db_field.null else ""
            help_text = f"{_('In percent, such as 23.')} {own}".strip()
            return db_field.formfield(form_class=PercentField, help_text=help_text, **kwargs)
        if db_field.name not in self.money_fields:
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        unit = _("In %(currency)s.") % {"currency": currency()}
        help_text = f"{unit} {db_field.help_text}".strip()
        return db_field.formfield(form_class=MoneyField, help_text=help_text, **kwargs)


def shown_money(amount: int | None, code: str) -> str:
    return "–" if amount is None else format_money(amount, code, site().profile.language)
