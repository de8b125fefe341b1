from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shopfolio.core.models import ContactMessage
from shopfolio.lib.forms import MailAddressField


class ContactForm(forms.ModelForm[ContactMessage]):
    # People don't see this field; programs that fill in everything do.
    website = forms.Field(
        required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"})
    )

    class Meta:
        model = ContactMessage
        fields = ["name", "email", "message"]
        field_classes = {"email": MailAddressField}
        labels = {"name": _("Name"), "email": _("E-mail"), "message": _("Message")}
        help_texts = {"message": _("Plain words will do.")}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "message": forms.Textarea(attrs={"rows": 7}),
        }
        error_messages = {
            "name": {"required": _("Please tell me your name.")},
            "email": {
                "required": _("Where may I answer?"),
                "invalid": _("An address such as ana@example.org."),
            },
            "message": {"required": _("There is no message yet.")},
        }

    def clean_name(self) -> str:
        """In one line: a name also goes into a mail."""
        return " ".join(self.cleaned_data["name"].split())

    @property
    def is_spam(self) -> bool:
        return bool(self.cleaned_data.get("website"))


class NewsletterForm(forms.Form):
    email = MailAddressField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Which address should it go to?"),
            "invalid": _("An address such as ana@example.org."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"auto_id": "newsletter_%s"} | kwargs))

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        return email
