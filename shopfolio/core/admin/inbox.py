"""What visitors wrote, and what they were answered."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from shopfolio.abstract_admin import ListInOwnOrder, ReadOnlyAdmin, RowAdmin
from shopfolio.core.models import ContactMessage, ContactReply
from shopfolio.core.services import answer_message
from shopfolio.tasks.emails import delivery_of

Status = ContactMessage.Status


class ReplyForm(forms.Form):
    """wish: names this one reply, so that sending the form twice is one."""

    text = forms.CharField(
        label=_("Your reply"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 9, "class": "vLargeTextField"}),
        error_messages={"required": _("There is no reply yet.")},
    )
    wish = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"wish": uuid7()})


@admin.register(ContactMessage)
class ContactMessageAdmin(ReadOnlyAdmin):
    """What visitors wrote stays as they wrote it; only what becomes of it is ours to say."""

    list_display = ["name", "beginning", "standing", "email", "created"]
    list_filter = ["status"]
    search_fields = ["name", "email", "message", "replies__text"]
    date_hierarchy = "created"
    change_form_template = "admin/core/message.html"
    actions = ["mark_read", "mark_answered", "mark_spam"]
    row_actions = ["mark_read", "mark_answered", "mark_spam"]

    def has_delete_permission(self, request: HttpRequest, obj: ContactMessage | None = None) -> bool:
        return RowAdmin.has_delete_permission(self, request, obj)

    def get_ordering(self, request: HttpRequest) -> Any:
        """The new first, spam last."""
        return [
            Case(When(status=Status.NEW, then=0), When(status=Status.SPAM, then=2), default=1),
            "-created",
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ListInOwnOrder]:
        return ListInOwnOrder

    @admin.display(description=_("status"), ordering="status")
    def standing(self, message: ContactMessage) -> str:
        return format_html(
            "<b>{}</b>" if message.status == Status.NEW else "{}", message.get_status_display()
        )

    @admin.display(description=_("message"))
    def beginning(self, message: ContactMessage) -> str:
        return Truncator(message.message).chars(80)

    def row_actions_for(self, request: HttpRequest, row: ContactMessage) -> list[str]:
        if row.status in {Status.ANSWERED, Status.SPAM}:
            return ["mark_read"]
        return [name for name in self.row_actions if (name, row.status) != ("mark_read", Status.READ)]

    @admin.action(description=_("Mark as read"), permissions=["act"])
    def mark_read(self, request: HttpRequest, rows: QuerySet[ContactMessage]) -> None:
        self._mark(request, rows, Status.READ)

    @admin.action(description=_("Mark as answered"), permissions=["act"])
    def mark_answered(self, request: HttpRequest, rows: QuerySet[ContactMessage]) -> None:
        self._mark(request, rows, Status.ANSWERED)

    @admin.action(description=_("Mark as spam"), permissions=["act"])
    def mark_spam(self, request: HttpRequest, rows: QuerySet[ContactMessage]) -> None:
        self._mark(request, rows, Status.SPAM)

    def _mark(self, request: HttpRequest, rows: QuerySet[ContactMessage], status: str) -> None:
        changed = rows.exclude(status=status).update(status=status)
        self.message_user(
            request,
            ngettext("%(count)d message marked.", "%(count)d messages marked.", changed) % {"count": changed},
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reply)
        return [
            path("<path:object_id>/reply/", view, name="core_contactmessage_reply"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if message := kwargs.get("obj"):
            context |= self.thread(request, message)
        return super().render_change_form(request, context, *args, **kwargs)

    def thread(self, request: HttpRequest, message: ContactMessage, form: Any = None) -> dict[str, Any]:
        replies = list(message.replies.select_related("by", "email"))
        sees_mails = request.user.has_perm("tasks.view_email")
        return {
            "title": message.name,
            "subtitle": None,
            "message": message,
            "replies": list(zip(replies, delivery_of([reply.email for reply in replies]), strict=True)),
            "sees_mails": sees_mails,
            "form": (form or ReplyForm()) if self.has_act_permission(request) else None,
        }

    def reply(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form of the message's page, and alone where something is missing in it."""
        message = self.get_object(request, unquote(object_id))
        if message is None:
            raise Http404
        if not self.has_act_permission(request):
            raise PermissionDenied
        form = ReplyForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and self.send(request, message, form):
            return redirect(reverse("admin:core_contactmessage_change", args=[message.pk]))
        context = {
            **self.admin_site.each_context(request),
            **self.thread(request, message, form),
            "opts": self.opts,
            "original": message,
            "is_alone": True,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/core/message.html", context, status=status)

    def send(self, request: HttpRequest, message: ContactMessage, form: ReplyForm) -> bool:
        wish = form.cleaned_data["wish"]
        is_known = ContactReply.objects.filter(pk=wish).exists()
        try:
            answer_message(message, text=form.cleaned_data["text"], by=request.user, wish=wish)
        except ValidationError:
            form.add_error("text", _("This message came from no address that could be written to."))
            return False
        if not is_known:
            self.log_change(request, message, gettext("Replied."))
        self.message_user(request, gettext("Your reply goes out."), messages.SUCCESS)
        return True
