"""Jobs of the site."""

import structlog

from shopfolio.core import search_index, services
from shopfolio.core.models.search import heal, searchables
from shopfolio.tasks.outbox import job

log = structlog.get_logger(__name__)

DAY = 86_400


@job("core.heal_search", external=True, every=DAY)
def heal_search() -> None:
    """Every night, and once after an upgrade: what changed behind the models' back is found as it is.

    In batches of their own, so that nobody else waits long for the database.
    """
    search_index.remove_strays()
    healed = {model._meta.label_lower: wrong for model in searchables() if (wrong := heal(model))}
    if healed:
        log.info("search index put right", pages=healed)


@job("core.call_for_attention")
def call_for_attention(*, kind: str) -> None:
    services.call_for_attention(kind)
