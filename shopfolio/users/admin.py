from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import ReadOnlyAdmin
from shopfolio.admin_widgets import PICTURES
from shopfolio.lib.forms import MailAddressField
from shopfolio.tasks.outbox import enqueue
from shopfolio.users import audit
from shopfolio.users.models import AuditEntry, CustomUser
from shopfolio.users.reauthentication import ask_again
from shopfolio.users.roles import Role


class RolesField(forms.ModelMultipleChoiceField[Group]):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            Group.objects.filter(name__in=Role.values).order_by("name"),
            label=_("Roles"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=_("Whoever has one may enter the back office."),
            **kwargs,
        )

    def label_from_instance(self, group: Group) -> str:
        return str(Role(group.name).label)


class RolesForm(forms.ModelForm[CustomUser]):
    """Roles decide who is staff. Superusers are made on the server only."""

    groups = RolesField()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        CustomUser.lock_staff()
        roles = {group.name for group in self.cleaned_data.get("groups", [])}
        stays_owner = Role.OWNER in roles or self.instance.is_superuser
        if self.instance.is_last_owner and not (stays_owner and self.cleaned_data.get("is_active", True)):
            raise ValidationError(_("Nobody else is an owner. Make somebody one first."))
        if "groups" in self.changed_data:
            self.instance.is_staff = bool(roles) or self.instance.is_superuser
        return cleaned

    def validate_unique(self) -> None:
        """The address is the only one, and the constraint over lower case has said so already."""


class UserAddForm(RolesForm, AdminUserCreationForm[CustomUser]):
    class Meta:
        model = CustomUser
        fields = ["email"]
        field_classes: dict[str, type] = {"email": MailAddressField}


class UserForm(RolesForm, UserChangeForm[CustomUser]):
    class Meta:
        model = CustomUser
        fields = [
            "email", "password", "first_name", "last_name", "company", "phone", "language", "avatar",
            "is_active", "groups",
        ]  # fmt: skip
        field_classes: dict[str, type] = {"email": MailAddressField}


@admin.register(CustomUser)
class CustomUserAdmin(UserAdmin[CustomUser]):
    add_form = UserAddForm
    form = UserForm
    formfield_overrides = PICTURES
    list_display = ["email", "first_name", "last_name", "roles", "is_active", "last_login"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["email", "first_name", "last_name", "company"]
    ordering = ["email"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "company", "phone", "language", "avatar"]}),
        (_("May"), {"fields": ["is_active", "groups"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "usable_password", "password1", "password2"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "language"]}),
        (_("May"), {"fields": ["groups"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_urls(self) -> list[URLPattern]:
        """Every page but the list changes who may what, and asks who it is first."""
        found: list[URLPattern] = super().get_urls()
        for address in found:
            if not (address.name or "").endswith(("_changelist", "_history")):
                address.callback = ask_again("users.change_customuser")(address.callback)
        return found

    def get_actions(self, request: HttpRequest) -> Any:
        return {}  # a user is deleted on a page of their own, which asks first

    def save_model(self, request: HttpRequest, obj: CustomUser, form: Any, change: bool) -> None:
        before = CustomUser.objects.filter(pk=obj.pk).values_list("avatar", flat=True).first()
        super().save_model(request, obj, form, change)
        if before and before != obj.avatar.name:
            enqueue("users.delete_picture", key=before, path=before)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        before = form.instance.roles_shown if change else ""
        super().save_related(request, form, formsets, change)
        user = CustomUser.objects.get(pk=form.instance.pk)
        fields = ", ".join(name for name in form.changed_data if "password" not in name)
        note = f"{before or '–'} → {user.roles_shown or '–'}" if before != user.roles_shown else fields
        audit.record("user", by=actor(request), about=user, note=note if change else f"new: {note}")

    def delete_model(self, request: HttpRequest, obj: CustomUser) -> None:
        CustomUser.lock_staff()
        if obj.is_last_owner:
            raise PermissionDenied
        audit.record("user", by=actor(request), about=obj, note="deleted")
        if picture := obj.avatar.name:
            enqueue("users.delete_picture", key=picture, path=picture)
        super().delete_model(request, obj)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if request.resolver_match and request.resolver_match.url_name == "auth_user_password_change":
            audit.record("password", by=actor(request), about=obj)
        return super().log_change(request, obj, message)

    @admin.display(description=_("roles"))
    def roles(self, user: CustomUser) -> str:
        return user.roles_shown

    def has_change_permission(self, request: HttpRequest, obj: CustomUser | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: CustomUser | None = None) -> bool:
        is_needed = obj is not None and obj.is_last_owner
        return super().has_delete_permission(request, obj) and may_touch(request, obj) and not is_needed


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["created", "who", "role", "what", "about", "note"]
    search_fields = ["who", "about", "note"]
    date_hierarchy = "created"
    fields = ["created", "who", "role", "what", "about", "note"]
    readonly_fields = ["what"]

    @admin.display(description=_("what"), ordering="action")
    def what(self, entry: AuditEntry) -> str:
        return str(audit.ACTIONS.get(entry.action, entry.action))


def actor(request: HttpRequest) -> CustomUser:
    user = request.user
    if not isinstance(user, CustomUser):
        raise TypeError(user)
    return user


def may_touch(request: HttpRequest, user: CustomUser | None) -> bool:
    """Whoever could change a superuser could become one."""
    return user is None or not user.is_superuser or request.user.is_superuser
