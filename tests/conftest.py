import pytest

pytest_plugins = ["tests.stripe_simulator"]


@pytest.fixture(autouse=True)
def _fresh_process_memory() -> None:
    from django.core.cache import cache

    from shopfolio.core.services import forget_site
    from shopfolio.ecommerce.services.shop import forget_shop_settings

    cache.clear()
    forget_site()
    forget_shop_settings()
