from typing import Any

from django.db import models, transaction

from shopfolio.pictures import picture_fields
from shopfolio.tasks.outbox import enqueue


class Pictured(models.Model):
    """A row with pictures that pages show. What is made of a new one is promised together with the row.

    Comes last among a model's parents, for it has nothing to say about the model itself.
    """

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(**kwargs)
            for field in picture_fields(type(self)):
                picture = getattr(self, field.name)
                if picture and not picture.made:
                    promise_renditions(type(self), field.name, picture.name)


def promise_renditions(model: type[models.Model], field: str, path: str) -> None:
    """Safe to call again: the file's name is in the key."""
    label = model._meta.label_lower
    enqueue("core.make_pictures", key=f"{label}.{field} {path}", model=label, field=field, path=path)
