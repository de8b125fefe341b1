"""Every address of the site: a new one must be entered here, and is then looked at."""

from collections.abc import Iterator

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from shopfolio.core.models import Tag

PUBLIC = {
    "core:home": {},
    "core:resume": {},
    "core:portfolio": {},
    "core:project": {"slug": "project-0"},
    "core:skill": {"slug": "skill-0"},
    "core:blog": {},
    "core:feed": {},
    "core:blog_tag": {"slug": "tag-0"},
    "core:post": {"slug": "post-0"},
    "core:testimonials": {},
    "core:contact": {},
    "core:contact_sent": {},
    "core:newsletter": {},
    "core:newsletter_sent": {},
    "core:policy": {"slug": "policy-0"},
    "core:search": {},
    "core:sitemap": {},
    "core:sitemap_part": {"kind": "posts", "number": "1"},
    "core:robots": {},
    "core:security_txt": {},
    "ecommerce:find": {},
    "ecommerce:find_sent": {},
    "ecommerce:shop": {},
    "ecommerce:product": {"slug": "product-0"},
}
"""Pages that are the same for everybody who brings no cookie, and therefore kept whole."""

NOBODY_ELSES = {
    "core:newsletter_confirm": {"token": "x"},
    "core:newsletter_unsubscribe": {"token": "x"},
    "core:picture": {"path": "pictures/a-480.avif"},
    "core:csp_reports": {},
    "core:look": {"accent": "b3261e"},
    "core:live": {},
    "core:ready": {},
    "ecommerce:cart": {},
    "ecommerce:cart_add": {"slug": "product-0"},
    "ecommerce:cart_update": {},
    "ecommerce:checkout": {},
    "ecommerce:checkout_return": {},
    "ecommerce:checkout_cancelled": {},
    "ecommerce:order": {"token": "x"},
    "ecommerce:invoice": {"token": "x"},
    "ecommerce:document": {"token": "x", "number": "INV-1"},
    "ecommerce:download": {"token": "x", "file_id": "01890000-0000-7000-8000-000000000000"},
    "ecommerce:stripe_webhook": {},
    "ecommerce:account_orders": {},
    "ecommerce:addresses": {},
    "ecommerce:address_new": {},
    "ecommerce:address": {"address_id": "01890000-0000-7000-8000-000000000000"},
    "ecommerce:address_do": {"address_id": "01890000-0000-7000-8000-000000000000"},
    "core:account_newsletter": {},
    "account_home": {},
    "account_signup": {},
    "account_login": {},
    "account_request_login_code": {},
    "mfa_login_webauthn": {},
    "mfa_authenticate": {},
    "account_code": {},
    "account_code_again": {},
    "account_reset_password": {},
    "account_new_password": {},
    "account_logout": {},
    "account_inactive": {},
    "account_profile": {},
    "account_picture": {},
    "account_data": {},
    "account_export": {},
    "account_erase": {},
    "account_keep": {},
    "account_security": {},
    "account_change_password": {},
    "account_set_password": {},
    "account_email": {},
    "account_email_verification_sent": {},
    "account_reauthenticate": {},
    "account_confirm_by_mail": {},
    "mfa_reauthenticate": {},
    "mfa_reauthenticate_webauthn": {},
    "mfa_activate_totp": {},
    "mfa_deactivate_totp": {},
    "mfa_view_recovery_codes": {},
    "mfa_generate_recovery_codes": {},
    "mfa_download_recovery_codes": {},
    "mfa_add_webauthn": {},
    "mfa_edit_webauthn": {"pk": "1"},
    "mfa_remove_webauthn": {"pk": "1"},
    "usersessions_list": {},
    "mfa_index": {},
    "mfa_list_webauthn": {},
}
"""A cart, a token, an account, a machine's question: never kept."""


FOR_THE_OWNER = ["start", "make_it_yours", "remove_demo"]
OF_THE_ADMIN = [
    "index", "attention", "search", *FOR_THE_OWNER, "login", "logout", "password_change",
    "password_change_done", "autocomplete", "jsi18n",
]  # fmt: skip
"""The back office's own; what its models bring is found."""


def names(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "") -> Iterator[str]:
    """The names of all addresses, as reverse() wants them."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}"
        elif pattern.namespace != "admin":
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from names(pattern.url_patterns, prefix + inner)


def addresses(table: dict[str, dict[str, str]]) -> list[str]:
    return [reverse(name, kwargs=arguments) for name, arguments in table.items()]


def of_the_back_office() -> dict[str, str]:
    """The addresses of the back office by name; those of a row lead to the last one of its model."""
    any_row = ContentType.objects.get(app_label="core", model="tag").pk, Tag.objects.last().pk
    found = {name: reverse(f"admin:{name}") for name in OF_THE_ADMIN}
    found["test_step"] = reverse("admin:test_step", args=["mail"])
    found["view_on_site"] = reverse("admin:view_on_site", args=any_row)
    for model, model_admin in admin.site._registry.items():
        row = model._default_manager.last()
        found[f"app_list_{model._meta.app_label}"] = reverse("admin:app_list", args=[model._meta.app_label])
        for pattern in model_admin.get_urls():
            if pattern.name is None:
                continue  # the redirect from old addresses
            known = {"object_id": row.pk, "id": row.pk}
            parts = {part: known[part] for part in pattern.pattern.converters if part in known}
            if "name" not in pattern.pattern.converters:
                found[pattern.name] = reverse(f"admin:{pattern.name}", kwargs=parts)
                continue
            for action in model_admin.row_actions:
                named = parts | {"name": action}
                found[f"{pattern.name}_{action}"] = reverse(f"admin:{pattern.name}", kwargs=named)
    return found


def pages_of_the_back_office() -> list[str]:
    """Its first page, every list, and the form of the first row of each."""
    found = [reverse(f"admin:{name}") for name in ["index", *FOR_THE_OWNER]]
    for model in admin.site._registry:
        opts = model._meta
        found.append(reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"))
        row = model._default_manager.first()
        if row is not None:
            found.append(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk]))
    return found
