"""Every address of the site, but the back office's: a new one must be entered here, and is then looked at."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver, reverse

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
    "ecommerce:shop": {},
    "ecommerce:product": {"slug": "product-0"},
}
"""Pages that are the same for everybody who brings no cookie, and therefore kept whole."""

NOBODY_ELSES = {
    "core:newsletter_confirm": {"token": "x"},
    "core:newsletter_unsubscribe": {"token": "x"},
    "core:picture": {"path": "pictures/a.avif"},
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
    "account_login": {},
    "account_logout": {},
    "account_inactive": {},
    "account_signup": {},
}
"""A cart, a token, an account, a machine's question: never kept."""


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
