"""The account pages that are ours alone. Logging in, second factor and passkeys are allauth's."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import complete_signup, perform_login
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from shopfolio.lib.http import SeeOther, form_page, where_next
from shopfolio.users import audit, codes, mails, personal_data
from shopfolio.users.adapter import DEPARTURES
from shopfolio.users.codes import CodeAgain, MailedCode, mail_code, mail_code_again
from shopfolio.users.forms import CodeForm, EmailForm, NewPasswordForm, ProfileForm, SignUpForm
from shopfolio.users.limits import DAY, HOUR, Limits, TooMany
from shopfolio.users.models import CustomUser
from shopfolio.users.navigation import OwnRequest
from shopfolio.users.reauthentication import be_sure

View = Callable[..., HttpResponse]

PICTURES = Limits("account/picture", per_address={HOUR: 20})
"""The address is the user's key."""

EXPORTS = Limits("account/export", per_address={HOUR: 10})

ERASURES = Limits("account/erase", per_address={DAY: 2})
"""The address is the user's key. Each wish is a mail, and each change of mind another."""

STARTS = {
    codes.SIGN_UP: "account_signup",
    codes.LOG_IN: "account_request_login_code",
    codes.RESET: "account_reset_password",
}


def for_strangers(view: View) -> View:
    """Who is logged in already goes on."""

    @wraps(view)
    def only_for_strangers(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return SeeOther(where_next(request, reverse("account_home")))
        return view(request, *args, **kwargs)

    return only_for_strangers


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "account/home.html")


@require_safe
@login_required
def security(request: HttpRequest) -> HttpResponse:
    factors = list(Authenticator.objects.filter(user=request.user))
    spare = next((each for each in factors if each.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "has_app": any(each.type == Authenticator.Type.TOTP for each in factors),
        "passkeys": [each.wrap() for each in factors if each.type == Authenticator.Type.WEBAUTHN],
        "spare_codes": len(spare.wrap().get_unused_codes()) if spare else None,
        "sessions": len(UserSession.objects.purge_and_list(request.user)),
    }
    return render(request, "account/security.html", context)


@form_page
@login_required
def profile(request: OwnRequest) -> HttpResponse:
    # A row of its own, for the form writes into it what is refused, too.
    person = CustomUser.objects.get(pk=request.user.pk)
    if request.method != "POST":
        return render(request, "account/profile.html", {"form": ProfileForm(instance=person)})
    if request.FILES:
        PICTURES.count(address=str(person.pk))  # each is decoded and written anew
    form = ProfileForm(request.POST, request.FILES, instance=person)
    if not form.is_valid():
        return render(request, "account/profile.html", {"form": form}, status=422)
    form.save_own()
    messages.success(request, _("Your profile is saved."))
    return SeeOther(reverse("account_profile"))


@require_safe
@login_required
def data(request: OwnRequest) -> HttpResponse:
    """What is under way keeps an account from being erased; it is said while that can still be changed."""
    return render(request, "account/data.html", {"why_not": personal_data.why_not(request.user)})


@require_POST
@login_required
def export_data(request: OwnRequest) -> HttpResponseBase:
    be_sure(request)
    EXPORTS.count(address=str(request.user.pk))
    audit.record_of_staff("export", request.user, "own data")
    name = f"{settings.SITE_HOST}-{timezone.localdate()}.zip"
    return FileResponse(personal_data.pack(request.user), as_attachment=True, filename=name)


@require_safe
@login_required
def picture(request: OwnRequest) -> HttpResponseBase:
    """Theirs, which nobody else sees."""
    if not request.user.avatar:
        raise Http404
    return FileResponse(request.user.avatar.open())


@require_POST
@login_required
def plan_erasure(request: OwnRequest) -> HttpResponse:
    be_sure(request)
    if request.user.is_staff:
        messages.error(request, personal_data.staff_stay(request.user))
    else:
        ERASURES.count(address=str(request.user.pk))
        personal_data.plan_erasure(request.user)
    return SeeOther(reverse("account_data"))


@require_POST
@login_required
def call_off_erasure(request: OwnRequest) -> HttpResponse:
    personal_data.call_off_erasure(request.user)
    messages.success(request, _("Your account stays."))
    return SeeOther(reverse("account_data"))


@form_page
@login_required
def confirm_by_mail(request: OwnRequest) -> HttpResponse:
    """For accounts that have neither password nor second factor to be asked for."""
    after = where_next(request, reverse("account_security"))
    way = get_adapter().get_reauthentication_methods(request.user)[0]["url"]
    here = f"{way}?{urlencode({'next': after})}"
    if way != request.path:
        return SeeOther(here)
    mailed = CodeAgain.of(request)
    if request.method == "POST" and (mailed is None or "send" in request.POST):
        mail_code_again(request)
        return SeeOther(here)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and mailed and form.is_valid():
        codes.TYPED.count(request)
        if mailed.accepts(form.cleaned_data["code"]):
            CodeAgain.forget(request)
            record_authentication(request, request.user, method="code", reauthenticated=True)
            return resume_request(request) or SeeOther(after)
        form.add_error("code", _("This is not the code from the latest mail."))
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "mailed": mailed, "next": after}
    return render(request, "account/confirm_by_mail.html", context, status=status)


@form_page
@for_strangers
@sensitive_post_parameters("password")
def sign_up(request: HttpRequest) -> HttpResponse:
    return start(request, codes.SIGN_UP, SignUpForm, "account/sign_up.html")


@form_page
@for_strangers
def request_login_code(request: HttpRequest) -> HttpResponse:
    return start(request, codes.LOG_IN, EmailForm, "account/login_code.html")


@form_page
@for_strangers
def reset_password(request: HttpRequest) -> HttpResponse:
    return start(request, codes.RESET, EmailForm, "account/password_reset.html")


def start(request: HttpRequest, purpose: str, form_class: type[EmailForm], template: str) -> HttpResponse:
    """A form with an address, to which a code goes."""
    form = form_class(request.POST or None)
    after = where_next(request)
    if request.method != "POST" or not form.is_valid():
        status = 200 if request.method != "POST" else 422
        return render(request, template, {"form": form, "next": after}, status=status)
    password = form.cleaned_data.get("password")
    hashed = make_password(password) if password else ""
    mail_code(request, purpose, form.cleaned_data["email"], password=hashed, after=after)
    return SeeOther(reverse("account_code"))


@form_page
@for_strangers
def enter_code(request: HttpRequest) -> HttpResponse:
    """The code that was mailed, whatever it is for."""
    mailed = MailedCode.of(request)
    if mailed is None:
        return begin_again(request, "account_login")
    if mailed.confirmed:
        return SeeOther(reverse("account_new_password"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes.TYPED.count(request)
        try:
            is_right = mailed.accepts(form.cleaned_data["code"])
        except TooMany:
            MailedCode.forget(request)
            messages.error(request, _("That was wrong too often. Please ask for a new code."))
            return SeeOther(reverse(STARTS[mailed.purpose]))
        if is_right:
            return FINISH[mailed.purpose](request, mailed)
        form.add_error("code", _("This is not the code from the latest mail."))
    status = 422 if request.method == "POST" else 200
    return render(request, "account/code.html", {"form": form, "mailed": mailed}, status=status)


@require_POST
@for_strangers
def send_again(request: HttpRequest) -> HttpResponse:
    mailed = MailedCode.of(request)
    if mailed and not mailed.confirmed:
        mail_code(request, mailed.purpose, mailed.email, password=mailed.password, after=mailed.after)
        messages.success(request, _("A new code is on its way; the earlier one no longer works."))
    return SeeOther(reverse("account_code"))


def begin_again(request: HttpRequest, page: str) -> HttpResponse:
    MailedCode.forget(request)
    messages.error(request, _("That took a while, and the code has expired. Please begin again."))
    return SeeOther(reverse(page))


@form_page
def log_out(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = account.logout(request)
    if request.method == "POST":
        for depart in DEPARTURES:
            depart(response)
    return response


def open_account(request: HttpRequest, mailed: MailedCode) -> HttpResponse:
    MailedCode.forget(request)
    try:
        with transaction.atomic():
            user = CustomUser(email=mailed.email, password=mailed.password)
            user.save()
            user.confirm_address()
    except IntegrityError:  # it was opened meanwhile
        known = CustomUser.objects.filter(email=mailed.email).first()
        if known and constant_time_compare(known.password, mailed.password):  # by a click before this one
            return let_in(request, known, mailed, method="code")
        messages.info(request, _("You have an account already. Please log in."))
        return SeeOther(reverse("account_login"))
    messages.success(request, _("Welcome. Your account is open."))
    return complete_signup(request, user, None, mailed.after or None)  # type: ignore[no-any-return]


def log_in(request: HttpRequest, mailed: MailedCode) -> HttpResponse:
    user = mailed.find_user()
    if user is None:
        return begin_again(request, STARTS[mailed.purpose])
    MailedCode.forget(request)
    return let_in(request, user, mailed, method="code")


def let_choose_password(request: HttpRequest, mailed: MailedCode) -> HttpResponse:
    if mailed.find_user() is None:
        return begin_again(request, STARTS[mailed.purpose])
    mailed.confirmed = True
    mailed.keep(request)
    return SeeOther(reverse("account_new_password"))


FINISH = {codes.SIGN_UP: open_account, codes.LOG_IN: log_in, codes.RESET: let_choose_password}


@form_page
@for_strangers
@sensitive_post_parameters("password")
def new_password(request: HttpRequest) -> HttpResponse:
    mailed = MailedCode.of(request)
    if mailed is None or not mailed.confirmed:
        return SeeOther(reverse("account_reset_password"))
    form = NewPasswordForm(request.POST or None, address=mailed.email)
    if request.method != "POST" or not form.is_valid():
        status = 200 if request.method != "POST" else 422
        return render(request, "account/new_password.html", {"form": form, "mailed": mailed}, status=status)
    user = mailed.find_user()
    if user is None:
        return begin_again(request, STARTS[mailed.purpose])
    MailedCode.forget(request)
    with transaction.atomic():
        user.set_password(form.cleaned_data["password"])
        user.save(update_fields=["password"])
        audit.record_of_staff("password", user, "own, new by mail")
        mails.send("changed", to=user.email, context={"what": "password_reset"})
    messages.success(
        request, _("Your password is changed. Wherever else you were logged in, you no longer are.")
    )
    return let_in(request, user, mailed, method="password_reset")


def let_in(request: HttpRequest, user: CustomUser, mailed: MailedCode, *, method: str) -> HttpResponse:
    """Whoever has the code has the address; a second factor is still asked for."""
    user.confirm_address()
    record_authentication(request, user, method=method, email=user.email)
    return perform_login(request, user, email=user.email, redirect_url=mailed.after or None)  # type: ignore[no-any-return]
