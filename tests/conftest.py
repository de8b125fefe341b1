import pytest


@pytest.fixture(autouse=True)
def _fresh_process_memory() -> None:
    from django.core.cache import cache

    from shopfolio.core.services import forget_site

    cache.clear()
    forget_site()
