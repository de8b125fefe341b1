"""Some of a few known things in an order that people choose: a tick and a place for each."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class OrderedChoicesWidget(forms.Widget):
    """A row for each thing. The places work by themselves; order.js adds buttons that move a row."""

    template_name = "includes/order.html"
    use_fieldset = True

    def __init__(self, of: Any, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.of = of

    def id_for_label(self, id_: str) -> str:
        return ""  # each row says itself what it is

    @property
    def media(self) -> forms.Media:
        return forms.Media(js=[forms.Script("shopfolio/order.js", type="module")])  # type: ignore[list-item]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        chosen = [each for each in value or [] if each in self.of.values]
        others = [each for each in self.of.values if each not in chosen]
        context["rows"] = [
            {"value": each, "label": self.of(each).label, "is_shown": each in chosen, "place": place}
            for place, each in enumerate([*chosen, *others], start=1)
        ]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """Those that are ticked, by their place; what is no place comes last."""
        places = {each: data.get(f"{name}-{each}-place", "") for each in data.getlist(name)}
        return sorted(places, key=lambda each: int(places[each]) if is_place(places[each]) else 100)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


def is_place(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2


class OrderedChoicesFormField(forms.Field):
    def __init__(self, *, of: Any, **kwargs: Any) -> None:
        super().__init__(**({"widget": OrderedChoicesWidget(of)} | kwargs))
        self.of = of

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        if any(each not in self.of.values for each in value):
            raise ValidationError(_("One of these is not known here."))
