from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.utils.translation import gettext_lazy as _

from shopfolio.users.models import CustomUser

if TYPE_CHECKING:
    # Generic for mypy only: Django's own classes take no parameters when they run.
    AddForm = AdminUserCreationForm[CustomUser]
    ChangeForm = UserChangeForm[CustomUser]
    BaseAdmin = UserAdmin[CustomUser]
else:
    AddForm, ChangeForm, BaseAdmin = AdminUserCreationForm, UserChangeForm, UserAdmin


class UserAddForm(AddForm):
    def validate_unique(self) -> None:
        """The address is the only one, and the constraint over lower case has said so already."""

    class Meta:
        model = CustomUser
        fields = ["email"]


class UserForm(ChangeForm):
    def validate_unique(self) -> None:
        """As above."""

    class Meta:
        model = CustomUser
        fields = "__all__"
        field_classes: dict[str, type] = {}


@admin.register(CustomUser)
class CustomUserAdmin(BaseAdmin):
    add_form = UserAddForm
    form = UserForm
    list_display = ["email", "first_name", "last_name", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    search_fields = ["email", "first_name", "last_name", "company"]
    ordering = ["email"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "company", "phone", "language", "avatar"]}),
        (_("May"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "usable_password", "password1", "password2"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "language"]}),
    ]
