"""What a visitor wants to see of the shop, as the address says it; each choice is written in one way only."""

from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Exists
from django.http import Http404, HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shopfolio.ecommerce.models import Product, Variant
from shopfolio.ecommerce.models.listing import ProductQuerySet, Sort

KINDS: dict[str, str | Promise] = {
    Variant.Kind.PHYSICAL: _("By post"),
    Variant.Kind.DIGITAL: _("Downloads"),
    Variant.Kind.SERVICE: _("Services"),
}
SORTS: dict[str, str | Promise] = {
    "": _("Recommended"),
    Sort.NEWEST: _("Newest"),
    Sort.PRICE_UP: _("Lowest price"),
    Sort.PRICE_DOWN: _("Highest price"),
    Sort.NAME: _("Name"),
}
PARAMETERS = ("kind", "stock", "sort")


@dataclass(frozen=True)
class FilterLink:
    """A link to the shop, looked at otherwise."""

    query: str
    word: str | Promise
    is_taken: bool


@dataclass(frozen=True)
class ProductFilter:
    kind: str = ""
    stock: str = ""
    sort: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        chosen = {name: request.GET[name] for name in PARAMETERS if name in request.GET}
        offered: dict[str, Any] = {"kind": KINDS, "stock": ["in"], "sort": list(Sort)}
        if any(value not in offered[name] for name, value in chosen.items()):
            raise Http404
        return cls(**chosen)

    @property
    def products(self) -> ProductQuerySet:
        products: ProductQuerySet = Product.objects.live().sorted_by(self.sort)
        if self.kind:
            products = products.of_kind(self.kind)
        return products.to_be_had(self.kind) if self.stock else products

    @property
    def query(self) -> str:
        return urlencode({name: value for name in PARAMETERS if (value := getattr(self, name))})

    @property
    def address(self) -> str:
        """The query of the page that search engines are to know: another order is no other page."""
        return replace(self, stock="", sort="").query

    @property
    def is_narrowed(self) -> bool:
        """Whether search engines know what is shown from another page already."""
        return bool(self.stock or self.sort)

    @property
    def kind_word(self) -> str | Promise:
        return KINDS.get(self.kind, "")

    @property
    def words(self) -> list[str | Promise]:
        """What was chosen, where the choices themselves are folded away."""
        stock, sort = self.stock and self.in_stock.word, self.sort and SORTS[self.sort]
        return [word for word in (self.kind_word, stock, sort) if word]

    @property
    def kinds(self) -> list[FilterLink]:
        """All, and each kind that there is; nothing where there is but one."""
        there = kinds_there()
        if len(there) < 2 and self.kind in {"", *there}:
            return []
        words = {"": _("All"), **{kind: KINDS[kind] for kind in KINDS if kind in {*there, self.kind}}}
        return [FilterLink(replace(self, kind=kind).query, words[kind], kind == self.kind) for kind in words]

    @property
    def in_stock(self) -> FilterLink:
        """Taken, it leads back."""
        return FilterLink(
            replace(self, stock="" if self.stock else "in").query, _("In stock only"), bool(self.stock)
        )

    @property
    def sorts(self) -> list[FilterLink]:
        return [FilterLink(replace(self, sort=sort).query, SORTS[sort], sort == self.sort) for sort in SORTS]


def kinds_there() -> list[str]:
    """The kinds that something live has; in one query."""
    live: ProductQuerySet = Product.objects.live().order_by()
    answers = Product.objects.order_by("pk").values_list(*[Exists(live.of_kind(kind)) for kind in KINDS])[:1]
    return [kind for row in answers for kind, is_there in zip(KINDS, row, strict=True) if is_there]
