"""A new owner's way: the demo becomes theirs, or an empty site is made ready step by step."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shopfolio import checklist
from shopfolio.core.admin.site import IDENTITY
from shopfolio.core.demo.marks import is_loaded, own_columns
from shopfolio.core.models import Profile
from shopfolio.core.services import site
from shopfolio.ecommerce.demo import removal
from shopfolio.lib.http import SeeOther
from shopfolio.tasks.outbox import enqueue
from shopfolio.users import audit

View = Callable[..., HttpResponse]
AT_ONCE = 3_000
"""Rows that are taken away while the owner waits; more are a job's work."""

FIELDS = ["name", "portrait", "accent", "currency", "country"]


class OwnForm(forms.ModelForm[Profile]):
    """What makes the demo somebody's own at a glance. Its fields are those of the profile's page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" not in own_columns():
            self.initial["name"] = ""

    def save(self, commit: bool = True) -> Any:
        if "portrait" in self.changed_data:
            self.instance.portrait_alt = self.instance.name if self.instance.portrait else ""
        return super().save(commit)


def for_owner(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_owner(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def is_owner(user: Any) -> bool:
    return bool(user.has_perm("core.change_identity_profile"))


def on_first_page(request: HttpRequest) -> dict[str, Any]:
    """What the back office's first page says of a site that is not ready; nothing to who cannot help it."""
    if not is_owner(request.user):
        return {}
    return {"is_demo": site().is_demo, "checklist": checklist.look(request.user)}


def show(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, f"admin/{template}.html", context, status=status)


@for_owner
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    steps = checklist.look(request.user)
    response = show(request, "start", title=_("Make your site ready"), checklist=steps, is_demo=is_loaded())
    if steps.is_under_way:
        response["Refresh"] = "3"
    return response


@for_owner
@require_POST
def test_step(request: HttpRequest, kind: str) -> HttpResponse:
    step = checklist.STEPS.get(kind)
    if step is None or step.test is None:
        raise Http404
    step.test(request.user)
    return SeeOther(f"{reverse('admin:start')}#{kind}")


@for_owner
def make_it_yours(request: HttpRequest) -> HttpResponse:
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    page = admin.site.get_model_admin(Profile)
    form_class: Any = page.get_form(request, form=OwnForm, fields=FIELDS)
    form = form_class(*sent, instance=Profile.load())
    if form.is_valid():
        form.save()
        if changed := [name for name in form.changed_data if name in IDENTITY]:
            audit.record("identity", by=request.user, note=", ".join(changed))  # type: ignore[arg-type]
        messages.success(request, _("Saved. The site shows it at once."))
        return SeeOther(reverse("admin:remove_demo" if is_loaded() else "admin:start"))
    fieldset = AdminForm(form, [(None, {"fields": FIELDS})], {}, model_admin=page)
    return show(
        request,
        "make_it_yours",
        title=_("Make it yours"),
        form=form,
        adminform=fieldset,
        is_demo=is_loaded(),
        status=422 if form.errors else 200,
    )


@for_owner
def remove_demo(request: HttpRequest) -> HttpResponse:
    trials = "trials" in request.POST
    if request.method == "POST":
        return take_away(request, trials=trials)
    plan = removal.plan_removal()
    return show(
        request,
        "remove_demo",
        title=_("Take the demo content away"),
        gone=removal.count(plan),
        stays=removal.stays(plan),
        trials=removal.trial_orders().count(),
    )


def take_away(request: HttpRequest, *, trials: bool) -> HttpResponse:
    audit.record("demo", by=request.user)  # type: ignore[arg-type]
    if removal.marked_rows() > AT_ONCE:
        key = f"{timezone.now():%Y-%m-%d-%H-%M}"
        enqueue("ecommerce.remove_demo", key=key, trials=trials)
        messages.success(request, _("It is being taken away. There is much of it: look again in a minute."))
        return SeeOther(reverse("admin:start"))
    report = removal.remove_demo(trials=trials)
    messages.success(request, _("The demo content is gone. From here on it is your site."))
    for stay in report.stays:
        messages.warning(request, _("%(what)s stays: %(why)s") % {"what": stay.what, "why": stay.why})
    return SeeOther(reverse("admin:start"))


def addresses(site: admin.AdminSite) -> list[URLPattern]:
    return [
        path("start/", site.admin_view(start), name="start"),
        path("start/<slug:kind>/", site.admin_view(test_step), name="test_step"),
        path("make-it-yours/", site.admin_view(make_it_yours), name="make_it_yours"),
        path("make-it-yours/remove-demo/", site.admin_view(remove_demo), name="remove_demo"),
    ]
