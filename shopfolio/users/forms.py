from typing import Any

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.core import context
from allauth.mfa.base import forms as second_factor
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shopfolio.lib.forms import MailAddressField
from shopfolio.lib.mailboxes import one_spelling
from shopfolio.tasks.outbox import enqueue
from shopfolio.users.codes import TRIES, hash_of
from shopfolio.users.limits import HOUR, MINUTE, Limits, TooMany, take
from shopfolio.users.models import CustomUser

SECOND_FACTORS = Limits("account/second-factor", per_address={5 * MINUTE: 5, HOUR: 20})
"""Codes of an app, or spare ones; the address is the user's key."""
PASSWORD_HELP = _("At least 12 characters. Three or four words that only you would put together are good.")


class Plain:
    """Labels as everywhere on the site, and no placeholder that repeats them."""

    fields: dict[str, forms.Field]
    labels: dict[str, Any] = {}
    helps: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.helps.get(name, "")
            field.error_messages["required"] = _("This is still empty.")
            if name == "code":
                field.widget.attrs |= {
                    "inputmode": "text",
                    "autocomplete": "one-time-code",
                    "spellcheck": "false",
                }


class LoginForm(Plain, account.LoginForm):  # type: ignore[misc]
    labels = {"login": _("E-mail")}

    def clean_login(self) -> str:
        """Before guesses are counted: however it is spelled, it leads to one account."""
        return one_spelling(super().clean_login())


class EmailForm(forms.Form):
    """Where a code is to be mailed."""

    email = MailAddressField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        error_messages={
            "required": _("Which address is yours?"),
            "invalid": _("An address such as ana@example.org."),
        },
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        return email


class NewPasswordForm(forms.Form):
    """One field: browsers show what was typed, and password managers fill it."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=256,
        help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Please think of a password.")},
    )

    def __init__(self, *args: Any, address: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            try:
                get_adapter().clean_password(
                    password, user=CustomUser(email=cleaned.get("email", self.address))
                )
            except forms.ValidationError as refused:
                self.add_error("password", refused)
        return cleaned


class SignUpForm(NewPasswordForm, EmailForm):
    field_order = ["email", "password"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("The code stands in the mail.")},
    )


class ProfileForm(forms.ModelForm[CustomUser]):
    drop_avatar = forms.BooleanField(label=_("Without a picture from now on"), required=False)

    class Meta:
        model = CustomUser
        fields = ["first_name", "last_name", "company", "phone", "language", "avatar"]
        labels = {
            "first_name": _("First name"),
            "last_name": _("Last name"),
            "company": _("Company"),
            "phone": _("Phone"),
            "language": _("Language of mails and invoices"),
            "avatar": _("Picture"),
        }
        help_texts = {
            "avatar": _("JPEG, PNG, WebP or AVIF, up to 10 MB. Where and when it was taken is removed.")
        }
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "company": forms.TextInput(attrs={"autocomplete": "organization"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
            "avatar": forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/avif"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.avatar_before = self.instance.avatar.name
        if len(settings.LANGUAGES) > 1:
            self.fields["language"] = forms.ChoiceField(
                label=self.fields["language"].label, choices=settings.LANGUAGES, required=False
            )
        else:
            del self.fields["language"]
        if not self.avatar_before:
            del self.fields["drop_avatar"]

    def clean(self) -> dict[str, Any]:
        """Names in one line: they also go into mails."""
        cleaned = super().clean() or {}
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = " ".join(value.split())
        if cleaned.get("drop_avatar") and not self.files.get("avatar"):
            cleaned["avatar"] = False  # Django's word for none
        return cleaned

    def save_own(self) -> None:
        """Only what the form asks for: password and address may change meanwhile elsewhere."""
        with transaction.atomic():
            self.instance.save(update_fields=[*(self.fields.keys() - {"drop_avatar"}), "modified"])
            if self.avatar_before and self.avatar_before != self.instance.avatar.name:
                enqueue("users.delete_picture", key=self.avatar_before, path=self.avatar_before)


class ConfirmAddressForm(Plain, account.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    def clean_code(self) -> Any:
        """allauth counts in the session, where guesses that are sent at once do not see each other."""
        try:
            TRIES.count(address=hash_of(f"{self.expected_code} {self.email}"))
        except TooMany:
            if process := EmailVerificationProcess.resume(context.request):
                process.abort()
            raise
        return super().clean_code()


class ChangeEmailForm(Plain, account.AddEmailForm):  # type: ignore[misc]
    labels = {"email": _("New e-mail")}
    email = MailAddressField(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class ChangePasswordForm(Plain, account.ChangePasswordForm):  # type: ignore[misc]
    labels = {"oldpassword": _("Password until now"), "password1": _("New password"),
              "password2": _("New password again")}  # fmt: skip
    helps = {"password1": PASSWORD_HELP}

    def clean_oldpassword(self) -> Any:
        """Whoever sits at an open browser may not guess without end."""
        key = str(self.user.pk)
        SECOND_FACTORS.count(address=f"password {key}")
        return super().clean_oldpassword()


class SetPasswordForm(Plain, account.SetPasswordForm):  # type: ignore[misc]
    labels = {"password1": _("Password"), "password2": _("Password again")}
    helps = {"password1": PASSWORD_HELP}


class ReauthenticateForm(Plain, account.ReauthenticateForm):  # type: ignore[misc]
    pass


class CountedCode(Plain):
    """A code of the second factor, or a spare one: counted before it is looked at, and good once."""

    labels = {"code": _("Code")}
    user: CustomUser
    authenticator: Authenticator
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        SECOND_FACTORS.count(address=str(self.user.pk))
        code: str = super().clean_code()  # type: ignore[misc]
        SECOND_FACTORS.give_back(address=str(self.user.pk))
        if self.authenticator.type == Authenticator.Type.TOTP:
            # allauth remembers used codes in the cache, of which every process may have its own.
            try:
                take(
                    "account/used-code",
                    f"{self.authenticator.pk} {hash_of(code)}",
                    most=1,
                    seconds=2 * MINUTE,
                )
            except TooMany:
                raise forms.ValidationError(_("This code was used already; wait for the next one.")) from None
        return code


class SecondFactorForm(CountedCode, second_factor.AuthenticateForm):  # type: ignore[misc]
    pass


class SecondFactorAgainForm(CountedCode, second_factor.ReauthenticateForm):  # type: ignore[misc]
    pass


class ActivateAppForm(Plain, ActivateTOTPForm):  # type: ignore[misc]
    labels = {"code": _("Code that the app shows")}


MALFORMED = (LookupError, ValueError, TypeError, AttributeError)
"""What the passkey library raises for nonsense, of which allauth expects only a part."""


class CheckedPasskey(Plain):
    """Whatever the library trips over is no passkey of ours."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except MALFORMED:
            raise forms.ValidationError(_("This passkey was not understood.")) from None


class PasskeyLoginForm(CheckedPasskey, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyForm(CheckedPasskey, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyAgainForm(CheckedPasskey, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class AddPasskeyForm(Plain, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    labels = {"name": _("Name")}
    helps = {"name": _("To tell it from others, such as “Phone” or “Laptop”.")}

    def clean_credential(self) -> Any:
        """allauth would keep a zero without looking at it."""
        if not isinstance(self.cleaned_data["credential"], dict):
            raise forms.ValidationError(_("This passkey was not understood."))
        return self.cleaned_data["credential"]

    def clean(self) -> Any:
        try:
            return super().clean()
        except MALFORMED:
            raise forms.ValidationError(_("This passkey was not understood.")) from None


class RenamePasskeyForm(Plain, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    labels = {"name": _("Name")}
