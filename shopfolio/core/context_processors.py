from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shopfolio.core.services import site


def site_context(request: HttpRequest) -> dict[str, Any]:
    """`site`: the owner and the footer's links; kept between requests, so that pages don't ask for them."""
    return {"site": SimpleLazyObject(site)}
