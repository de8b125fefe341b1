"""Secrets in links, derived from the site's key: nothing is kept that could leak."""

import hmac

from django.conf import settings
from django.utils.crypto import salted_hmac


def derived(purpose: str, subject: str, *, key: str = "") -> str:
    """128 bits that nobody can guess who does not know the key.

    purpose: so that a link of one kind is none of another.
    """
    mac = salted_hmac(purpose, subject, secret=key or settings.SECRET_KEY, algorithm="sha256")
    return mac.hexdigest()[:32]


def is_derived(token: str, purpose: str, subject: str) -> bool:
    """Under the site's key or one of those before it, compared in constant time."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    right = [derived(purpose, subject, key=key) for key in keys]
    return any(hmac.compare_digest(each.encode(), token.encode()) for each in right)
