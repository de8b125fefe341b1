import dataclasses
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shopfolio.core.services import site
from shopfolio.ecommerce.models import Address, CartLine, Variant
from shopfolio.ecommerce.services.addresses import keep_address
from shopfolio.ecommerce.services.checkout import Buyer
from shopfolio.ecommerce.services.pricing import Totals
from shopfolio.lib.locales import countries
from shopfolio.lib.mailboxes import one_spelling
from shopfolio.users.models import CustomUser


class TextField(forms.CharField):
    """A line of text that every database and mail server can hold."""

    default_error_messages = {"required": _("This is still empty.")}

    def to_python(self, value: Any) -> str:
        text = " ".join((super().to_python(value) or "").split())
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError(_("There is a sign in it that cannot be written down.")) from error
        return text


class EmailField(TextField):
    widget = forms.EmailInput
    default_validators = [EmailValidator(_("An address such as ana@example.org."))]

    def to_python(self, value: Any) -> str:
        return one_spelling(super().to_python(value))


class FinderForm(forms.Form):
    email = EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Which address did you order with?")},
    )


class QuantityField(forms.IntegerField):
    def __init__(self, *, least: int, label: str = "") -> None:
        super().__init__(required=False, min_value=least, max_value=CartLine.MOST, label=label)
        wrong = format_lazy(_("Choose a quantity from {least} to {most}."), least=least, most=CartLine.MOST)
        self.error_messages["invalid"] = wrong
        for validator in self.validators:
            validator.message = wrong  # type: ignore[attr-defined]


class AddToCartForm(forms.Form):
    variant = forms.UUIDField(
        required=False, error_messages={"invalid": _("This choice is not offered. Choose another one.")}
    )
    quantity = QuantityField(least=1)

    def __init__(self, data: Any, *, variants: list[Variant]) -> None:
        super().__init__(data)
        self.variants = {variant.pk: variant for variant in variants}

    def clean_variant(self) -> Variant:
        chosen: UUID | None = self.cleaned_data["variant"]
        if chosen in self.variants:
            return self.variants[chosen]
        if chosen is not None:
            raise ValidationError(self.fields["variant"].error_messages["invalid"])
        if len(self.variants) == 1:
            return next(iter(self.variants.values()))
        raise ValidationError(
            _("Choose one of these first.") if self.variants else _("Not on sale just now.")
        )

    def clean_quantity(self) -> int:
        quantity: int | None = self.cleaned_data["quantity"]
        return 1 if quantity is None else quantity


class CartForm(forms.Form):
    """A quantity for every line; nought takes the line out."""

    def __init__(self, data: Any, *, lines: Iterable[CartLine]) -> None:
        super().__init__(data)
        for line in lines:
            self.fields[self.name_of(line)] = QuantityField(least=0, label=str(line.variant))

    @staticmethod
    def name_of(line: CartLine) -> str:
        return f"quantity-{line.pk}"

    def quantity_of(self, line: CartLine) -> int | None:
        """Nothing where none was sent, or what was sent is no quantity."""
        quantity: int | None = self.cleaned_data.get(self.name_of(line))
        return quantity


class AddressFields(forms.Form):
    """Who somebody is, and where."""

    name = TextField(label=_("Full name"), max_length=200)
    company = TextField(label=_("Company, if there is one"), max_length=200, required=False)
    tax_id = TextField(label=_("Tax number, if you need it"), max_length=40, required=False)
    address_line1 = TextField(label=_("Street and number"), max_length=200)
    address_line2 = TextField(label=_("More of the address, if there is"), max_length=200, required=False)
    postcode = TextField(label=_("Postcode"), max_length=20)
    city = TextField(label=_("Town"), max_length=120)
    country = forms.ChoiceField(
        label=_("Country"),
        error_messages={
            "required": _("Please choose a country."),
            "invalid_choice": _("We do not deliver there. Choose a country from the list."),
        },
    )
    phone = TextField(
        label=_("Phone, if you like"), max_length=32, required=False, help_text=_("Only for the courier.")
    )

    AUTOCOMPLETE = {
        "email": "email", "phone": "tel", "name": "name", "address_line1": "address-line1",
        "address_line2": "address-line2", "postcode": "postal-code", "city": "address-level2",
        "country": "country", "company": "organization",
    }  # fmt: skip
    PLACE = ("address_line1", "postcode", "city", "country")

    def __init__(self, *args: Any, ships_to: list[str], language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["country"]).choices = countries(ships_to, language)
        for name, purpose in self.AUTOCOMPLETE.items():
            if name in self.fields:
                self.fields[name].widget.attrs["autocomplete"] = purpose

    def address(self) -> dict[str, str]:
        """What was typed, by the names of an Address."""
        return {name: self.cleaned_data.get(name, "") for name in AddressFields.base_fields}


class AddressForm(AddressFields):
    """One of somebody's addresses, or a new one."""

    def __init__(self, data: Any, *, user: CustomUser, address: Address | None) -> None:
        names = list(AddressFields.base_fields)
        start = model_to_dict(address, names) if address else {"name": user.get_full_name()}
        start.setdefault("country", site().profile.country)
        super().__init__(data, initial=start, ships_to=[], language=site().profile.language)
        self.user, self.kept = user, address

    def save(self) -> None:
        if self.kept:
            Address.objects.filter(pk=self.kept.pk).update(**self.address(), modified=timezone.now())
        else:
            keep_address(self.user, fields=self.address())


class CheckoutForm(AddressFields):
    field_order = (
        "email", "phone", "name", "address_line1", "address_line2", "postcode", "city", "country", "company",
        "tax_id",
    )  # fmt: skip
    """As the page asks, for the list of what is wrong."""

    email = EmailField(
        label=_("E-mail"), max_length=254, help_text=_("For the receipt and your order. Nothing else.")
    )
    keep_address = forms.BooleanField(label=_("Keep this address in my account"), required=False)
    total = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=0,
        error_messages=dict.fromkeys(
            ["required", "invalid", "min_value"],
            _("The total was lost on the way. Please look at it and pay below."),
        ),
    )
    waive_withdrawal = forms.BooleanField(
        label=_("Download"),
        error_messages={"required": _("We need your word for it before we can hand out the download.")},
    )
    terms = forms.BooleanField(
        label=_("Terms of sale"),
        error_messages={"required": _("Please accept the terms first.")},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        totals: Totals,
        ships_to: list[str],
        language: str,
        initial: dict[str, Any] | None = None,
        may_keep: bool = False,
    ) -> None:
        places = ships_to if totals.needs_address else []
        super().__init__(data, initial=initial, ships_to=places, language=language)
        self.language = language
        for name in self.PLACE:
            self.fields[name].required = totals.needs_address
        if not totals.needs_address:
            country = cast(forms.ChoiceField, self.fields["country"])
            country.choices = [("", "–"), *cast(list[tuple[str, str]], country.choices)]
        if not totals.has_downloads:
            del self.fields["waive_withdrawal"]
        if not (may_keep and totals.needs_address):
            del self.fields["keep_address"]

    def buyer(self) -> Buyer:
        names = {field.name for field in dataclasses.fields(Buyer)} & self.cleaned_data.keys()
        return Buyer(
            **{name: self.cleaned_data[name] for name in names},
            language=self.language,
            accepts_terms=self.cleaned_data["terms"],
            waives_withdrawal=self.cleaned_data.get("waive_withdrawal", False),
        )
