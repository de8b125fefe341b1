"""What the back office's pages share."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from shopfolio.abstract_models import PageModel, SingletonModel
from shopfolio.admin_menu import list_name
from shopfolio.admin_widgets import DATES, PICTURES, MomentWidget, TicksWidget

STEPS = "then=start"
"""In the address of a form that the list of first steps leads to, and back from."""


def back_to_steps(request: HttpRequest) -> HttpResponseRedirect | None:
    return redirect("admin:start") if STEPS in request.META.get("QUERY_STRING", "").split("&") else None


class RowAdmin(admin.ModelAdmin[Any]):
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}} | PICTURES | DATES

    class Media:
        js = (Script("shopfolio/editor.js", defer=True),)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, MomentWidget):
            field.widget.name_boxes(field.label)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_delete_related = field.widget.can_view_related = False
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **{"widget": TicksWidget} | kwargs)
        if field:
            field.help_text = db_field.help_text  # without "Hold down Control …"
            field.widget.attrs["title"] = field.label
        return field

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Without the links between two rows: nobody made those, and nobody misses them."""
        gone, counts, lacking, protected = super().get_deleted_objects(objs, request)
        every = apps.get_models(include_auto_created=True)
        links = {model._meta.verbose_name_plural for model in every if model._meta.auto_created}
        return gone, {name: count for name, count in counts.items() if name not in links}, lacking, protected

    def get_action_choices(self, request: HttpRequest, default_choices: Any = ()) -> list[tuple[str, str]]:
        return super().get_action_choices(request, [("", gettext("With what is ticked …"))])

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # Django's own fills in whatever an address names, without asking the fields

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return back_to_steps(request) or super().response_post_save_add(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return back_to_steps(request) or super().response_post_save_change(request, obj)


class RowActionsMixin(RowAdmin):
    """Offers actions of the list as buttons on a row's own page too."""

    row_actions: ClassVar[Sequence[str]] = ()
    change_form_template = "admin/change_form_with_actions.html"

    def row_actions_for(self, request: HttpRequest, row: Any) -> list[str]:
        return list(self.row_actions)

    def row_links_for(self, request: HttpRequest, row: Any) -> list[tuple[str, Any]]:
        """Address and label of what takes a page of its own."""
        return []

    def message_user(  # type: ignore[override]
        self, request: HttpRequest, message: Any, level: int | str = messages.SUCCESS, **kwargs: Any
    ) -> None:
        """Said in green unless something went wrong."""
        super().message_user(request, message, level, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        address = path(
            "<path:object_id>/do/<slug:name>/",
            self.admin_site.admin_view(require_POST(self.do_to_row)),
            name=f"{self.opts.app_label}_{self.opts.model_name}_do",
        )
        return [address, *super().get_urls()]

    def do_to_row(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None or name not in self.actions_on(request, row):
            raise Http404
        run, _label = self.actions_on(request, row)[name]
        answer: HttpResponse | None = run(self, request, self.get_queryset(request).filter(pk=row.pk))
        return answer or redirect(self.way_back(request, row))

    def way_back(self, request: HttpRequest, row: Any) -> str:
        """The page of the back office that the button stood on."""
        page = request.POST.get("next", "")
        if page.startswith("/admin/") and url_has_allowed_host_and_scheme(page, allowed_hosts=None):
            return page
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def actions_on(self, request: HttpRequest, row: Any) -> dict[str, tuple[Any, str]]:
        """What this person may do to this row: the function and the button's label of each."""
        may: dict[str, Any] = self.get_actions(request)
        wanted = self.row_actions_for(request, row)
        return {name: (run, label) for name, (run, _name, label) in may.items() if name in wanted}

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        if row is not None:
            address = f"admin:{self.opts.app_label}_{self.opts.model_name}_do"
            context["row_links"] = self.row_links_for(request, row)
            context["row_actions"] = [
                (reverse(address, args=[row.pk, name]), label)
                for name, (_run, label) in self.actions_on(request, row).items()
            ]
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnlyAdmin(RowActionsMixin):
    """Rows that the program writes and people only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """For actions: who may change rows elsewhere may press the buttons here."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class ListInOwnOrder(ChangeList):
    """Has no arrow at a column until somebody sorts by it: its own order is by more than columns."""

    def get_ordering_field_columns(self) -> dict[int, Any]:
        return super().get_ordering_field_columns() if ORDER_VAR in self.params else {}


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    """Whoever may see the row sees its parts."""

    extra = 0
    can_delete = False
    template = "admin/edit_inline/read.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SortedForm(forms.ModelForm[Any]):
    def has_changed(self) -> bool:
        """A place alone makes no row: the script gives one to rows that nobody filled in."""
        changed = set(self.changed_data) - ({"position"} if self.instance._state.adding else set())
        return bool(changed)


class SortedRows(admin.TabularInline[Any, Any]):
    """A compact table whose rows have a position: a number, or with order.js buttons and a handle."""

    template = "admin/edit_inline/rows.html"
    form = SortedForm

    class Media:
        js = (Script("shopfolio/order.js", defer=True),)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Without a script a link asks for an empty row."""
        return int(request.GET.get("more") == self.opts.model_name)


class SortedPictures(SortedRows):
    formfield_overrides = PICTURES


class SingletonAdmin(RowAdmin):
    """One row: its list is its form, and it can neither be added again nor deleted."""

    words: ClassVar[dict[str, tuple[Any, Any]]] = {}
    """Label and help of fields whose own are too short for a form that is filled in once; "" keeps them."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        for name, (label, help_text) in self.words.items():
            if field := form.base_fields.get(name):
                field.label = label or field.label
                field.help_text = help_text or field.help_text
        return form

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request, extra_context)
        model: type[SingletonModel] = self.model
        model._default_manager.get_or_create(pk=model.ID)
        form = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[model.ID])
        query = request.GET.urlencode()
        return redirect(f"{form}?{query}" if query else form)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context |= {"title": list_name(self.opts), "subtitle": None, "is_single": True}
        return super().render_change_form(request, context, *args, **kwargs)


SEARCH_ENGINES = (
    _("For search engines"),
    {
        "fields": ["seo_title", "seo_description"],
        "classes": ["collapse"],
        "description": _("Empty: the title and the summary."),
    },
)
PUBLICATION = (_("Publication"), {"fields": ["status", "activate_date", "deactivate_date", "slug"]})


class StateFilter(admin.SimpleListFilter):
    """What the column says: of the published ones, some are not to be seen yet, or no longer."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("draft", _("Draft")),
            ("live", _("Published")),
            ("scheduled", _("Scheduled")),
            ("over", _("Over")),
        ]

    def queryset(self, request: HttpRequest, pages: QuerySet[Any]) -> QuerySet[Any]:
        now, published = timezone.now(), pages.filter(status=PageModel.Status.PUBLISHED)
        chosen: dict[str | None, QuerySet[Any]] = {
            "draft": pages.filter(status=PageModel.Status.DRAFT),
            "live": pages.live(),  # type: ignore[attr-defined]
            "scheduled": published.filter(activate_date__gt=now),
            "over": published.filter(activate_date__lte=now, deactivate_date__lte=now),
        }
        return chosen.get(self.value(), pages)


class PageAdmin(RowActionsMixin):
    """Everything with a public address: drafts, publication, and a way to look at it."""

    list_display = ["title", "state", "activate_date", "on_site"]
    list_filter: ClassVar[Any] = [StateFilter]
    search_fields = ["title", "description"]
    prepopulated_fields = {"slug": ["title"]}
    actions = ["publish", "unpublish"]
    row_actions = ["publish", "unpublish"]
    first_fieldset: ClassVar[Sequence[str]] = ["title", "description", "body"]
    more_fieldsets: ClassVar[Sequence[Any]] = ()
    more_of_picture: Sequence[str] = ()
    preview_template = ""
    """The page's public template, where it can show what is not saved yet."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        text = (_("Text"), {"fields": list(self.first_fieldset)})
        fields = ["image", "image_alt", *self.more_of_picture, ("image_x", "image_y")]
        picture = (_("Picture"), {"fields": fields})
        return [text, *self.more_fieldsets, PUBLICATION, picture, SEARCH_ENGINES]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The address of a page that exists stays, whatever becomes of its title.
        return self.prepopulated_fields if obj is None else {}

    def view_on_site(self, page: PageModel) -> str | None:
        return page.get_absolute_url() if page.slug else None  # a form that comes back may have emptied it

    def get_urls(self) -> list[URLPattern]:
        if not self.preview_template:
            return super().get_urls()
        name = f"{self.opts.app_label}_{self.opts.model_name}_preview"
        view = self.admin_site.admin_view(require_POST(self.preview))
        return [
            path("add/preview/", view, name=f"{name}_new"),
            path("<path:object_id>/preview/", view, name=name),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        page = kwargs.get("obj")
        if self.preview_template and (page is None or self.has_change_permission(request, page)):
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_preview"
            context["preview_url"] = reverse(name, args=[page.pk]) if page else reverse(f"{name}_new")
        return super().render_change_form(request, context, *args, **kwargs)

    def preview(self, request: HttpRequest, object_id: str | None = None) -> HttpResponse:
        """The public page with what the form says now; nothing is saved, pictures wait for that."""
        page = self.get_object(request, unquote(object_id)) if object_id else None
        if object_id and page is None:
            raise Http404
        if not (self.has_change_permission(request, page) if page else self.has_add_permission(request)):
            raise PermissionDenied
        form = self.get_form(request, page, change=page is not None)(request.POST, instance=page)
        if not form.is_valid():
            context = {**self.admin_site.each_context(request), "title": _("Preview"), "form": form}
            return render(request, "admin/preview_refused.html", context, status=422)
        context = {"is_preview": True, **self.preview_context(form.instance, form)}
        answer = render(request, self.preview_template, context)
        answer["X-Robots-Tag"] = "noindex"
        return answer

    def preview_context(self, page: Any, form: Any) -> dict[str, Any]:
        """What the public view would give the template. What is chosen from lists is not on the row yet."""
        chosen = {field.name for field in page._meta.many_to_many} & set(form.cleaned_data)
        page._prefetched_objects_cache = {name: form.cleaned_data[name] for name in chosen}
        return {"page": page}

    @admin.display(description=_("status"), ordering="status")
    def state(self, page: PageModel) -> str:
        if page.status == PageModel.Status.PUBLISHED and not page.is_live:
            starts = page.activate_date is not None and page.activate_date > timezone.now()
            return str(_("Scheduled") if starts else _("Over"))
        return str(PageModel.Status(page.status).label)

    @admin.display(description=_("on the site"))
    def on_site(self, page: PageModel) -> str:
        return format_html('<a href="{}">{}</a>', page.get_absolute_url(), _("View"))

    def row_actions_for(self, request: HttpRequest, row: PageModel) -> list[str]:
        return ["unpublish" if row.status == PageModel.Status.PUBLISHED else "publish"]

    @admin.action(description=_("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, pages: QuerySet[Any]) -> None:
        self._set_status(request, pages, PageModel.Status.PUBLISHED)

    @admin.action(description=_("Take off the site"), permissions=["change"])
    def unpublish(self, request: HttpRequest, pages: QuerySet[Any]) -> None:
        self._set_status(request, pages, PageModel.Status.DRAFT)

    def _set_status(self, request: HttpRequest, pages: QuerySet[Any], status: int) -> None:
        changed = 0
        for page in pages.exclude(status=status):
            page.status = status
            page.save(update_fields=["status"])
            self.log_change(request, page, [{"changed": {"fields": ["status"]}}])
            changed += 1
        self.message_user(
            request,
            ngettext("%(count)d page changed.", "%(count)d pages changed.", changed) % {"count": changed},
        )


class AuthoredAdmin(RowAdmin):
    """The author is who writes, unless said otherwise."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"author": str(request.user.pk), **super().get_changeform_initial_data(request)}


def row_link(row: models.Model | None, text: str = "") -> str:
    """A link to the row's own page in the back office."""
    if row is None:
        return ""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, text or str(row))
