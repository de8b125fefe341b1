from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import ReadOnlyAdmin
from shopfolio.attention import last_line
from shopfolio.tasks import outbox
from shopfolio.tasks.emails import build_message, delivery_of
from shopfolio.tasks.models import Email, Job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["name", "key", "status", "due_at", "attempts", "done_at"]
    list_filter = ["status", "name"]
    search_fields = ["name", "key", "last_error"]
    date_hierarchy = "due_at"
    actions = ["run_again", "try_now"]
    row_actions = ["run_again", "try_now"]

    def row_actions_for(self, request: HttpRequest, row: Job) -> list[str]:
        if row.status == Job.Status.DEAD:
            return ["run_again"]
        waits = row.status == Job.Status.DUE and row.lease_until is None and row.due_at > timezone.now()
        return ["try_now"] if waits else []

    @admin.action(description=_("Run again"), permissions=["act"])
    def run_again(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        dead = list(jobs.filter(status=Job.Status.DEAD))
        for job in dead:
            outbox.run_again(job)
        self.message_user(
            request,
            ngettext("%(count)d job runs again.", "%(count)d jobs run again.", len(dead))
            % {"count": len(dead)},
        )

    @admin.action(description=_("Try now"), permissions=["act"])
    def try_now(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        for job in jobs:
            outbox.try_now(job)
        self.message_user(request, gettext("It is tried now."))


@admin.register(Email)
class EmailAdmin(ReadOnlyAdmin):
    list_display = ["subject", "to", "status", "created", "sent_at"]
    list_filter = ["status"]
    search_fields = ["to", "subject", "key"]
    date_hierarchy = "created"
    actions = ["send_again"]
    row_actions = ["send_again"]
    fields = [
        "subject", "to", "reply_to", "delivery", "why_not", "created", "sent_at", "text", "attached",
        "as_file", "key", "message_id",
    ]  # fmt: skip
    readonly_fields = ["delivery", "why_not", "attached", "as_file"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        mails: QuerySet[Email] = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "tasks_email_changelist":
            return mails.defer("text", "html", "headers", "attachments")
        return mails if request.user.is_superuser else mails.exclude(is_secret=True)

    def row_actions_for(self, request: HttpRequest, row: Email) -> list[str]:
        return ["send_again"] if jobs_of([row]).filter(status=Job.Status.DEAD).exists() else []

    @admin.action(description=_("Send again"), permissions=["act"])
    def send_again(self, request: HttpRequest, mails: QuerySet[Email]) -> None:
        dead = list(jobs_of(mails).filter(status=Job.Status.DEAD))
        for job in dead:
            outbox.run_again(job)
        said = ngettext("%(count)d mail is tried again.", "%(count)d mails are tried again.", len(dead))
        self.message_user(request, said % {"count": len(dead)})

    @admin.display(description=_("status"))
    def delivery(self, email: Email) -> str:
        return str(delivery_of([email])[0].text)

    @admin.display(description=_("why it did not go"))
    def why_not(self, email: Email) -> str:
        job = None if email.status == Email.Status.SENT else jobs_of([email]).first()
        return last_line(job.last_error) if job else ""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Nobody asks the list, sign by sign, what a mail says that they may not read."""
        is_guess = lookup.partition("__")[0] in {"text", "html"}
        return not is_guess and super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        address = path(
            "<path:object_id>/mail.eml", self.admin_site.admin_view(self.eml), name="tasks_email_eml"
        )
        return [address, *super().get_urls()]

    def eml(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The mail as it went out, HTML and attachments included, for any mail program."""
        email = self.get_object(request, object_id)
        if email is None or not email.text or not self.has_view_permission(request, email):
            raise Http404
        return HttpResponse(
            build_message(email).message().as_bytes(),
            content_type="message/rfc822",
            headers={"Content-Disposition": 'attachment; filename="mail.eml"'},
        )

    @admin.display(description=_("with pictures and layout"))
    def as_file(self, email: Email) -> str:
        if not email.text:
            if email.is_secret:
                return gettext("What it said was forgotten when it had gone out, because it let somebody in.")
            return gettext("What it said was forgotten, because it went out long ago.")
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:tasks_email_eml", args=[email.pk]),
            _("Open in a mail program"),
        )

    @admin.display(description=_("attached"))
    def attached(self, email: Email) -> Any:
        return ", ".join(attachment["name"] for attachment in email.attachments)


def jobs_of(mails: Iterable[Email]) -> QuerySet[Job]:
    """What sends them."""
    return Job.objects.filter(name="tasks.send_email", key__in=[str(email.pk) for email in mails])
