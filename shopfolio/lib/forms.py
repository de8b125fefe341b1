"""Forms in valid HTML, where Django's own are not, and mail addresses in one spelling."""

from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.renderers import TemplatesSetting

from shopfolio.lib.mailboxes import one_spelling


class ValidField(BoundField):
    """A hidden box is described by nobody: Django says so of it when the field has a help text."""

    def build_widget_attrs(self, attrs: Any, widget: Any = None) -> dict[str, Any]:
        kept: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        if (widget or self.field.widget).is_hidden:
            return {name: value for name, value in kept.items() if not name.startswith("aria-")}
        return kept


class Renderer(TemplatesSetting):
    """Our widgets' templates stand beside all others."""

    bound_field_class = ValidField


class MailAddressField(forms.EmailField):
    """Spelled anew before it is judged: it may become longer."""

    def to_python(self, value: Any) -> Any:
        return one_spelling(super().to_python(value) or "")
