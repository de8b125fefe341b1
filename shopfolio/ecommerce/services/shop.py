import threading

from shopfolio.core.page_cache import generation
from shopfolio.ecommerce.models import ShopSettings

_kept = threading.local()


def shop_settings() -> ShopSettings:
    """The shop's settings, kept between requests until the back office changes something."""
    entry = getattr(_kept, "entry", None)
    current = generation()
    if entry is None or entry[0] != current:
        entry = _kept.entry = (current, ShopSettings.load())
    return entry[1]


def forget_shop_settings() -> None:
    _kept.entry = None
