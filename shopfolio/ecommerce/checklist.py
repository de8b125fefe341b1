"""What a shop needs before it sells."""

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shopfolio import checklist
from shopfolio.abstract_admin import STEPS
from shopfolio.attention import Link
from shopfolio.checklist import State, Step
from shopfolio.core.checklist import field_of_profile, missing_of_profile
from shopfolio.core.demo.marks import own
from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.gateway import KeyTest
from shopfolio.ecommerce.models import Product, StripeTest, Variant
from shopfolio.ecommerce.models.settings import shop_settings

ON_INVOICES = ("legal_name", "address_line1", "city", "country")


def charges_tax() -> bool:
    return shop_settings().tax_rate > 0 or own(Product.objects.filter(tax_rate__gt=0)).exists()


def missing_identity() -> list[str]:
    return missing_of_profile(*ON_INVOICES, *(["tax_id"] if charges_tax() else []))


def look_at_identity(user: Any) -> State:
    missing = missing_identity()
    if missing:
        return State(is_done=False, words=_("Missing: %(what)s.") % {"what": ", ".join(missing)})
    return State(is_done=True)


def look_at_products(user: Any) -> State:
    on_shelf = Q(available=None) | Q(available__gt=0)
    sold = Variant.objects.filter(on_shelf, status=Variant.Status.ON_SALE, price__gt=0)
    if own(Product.objects.live()).filter(pk__in=sold.values("product")).exists():
        return State(is_done=True)
    drafts = own(Product.objects.all()).exists()
    return State(
        is_done=False,
        words=_("It is not published yet, or has no price, or no stock.") if drafts else "",
    )


def test_stripe(user: Any) -> None:
    outcome = gateway.try_key()
    StripeTest.objects.update_or_create(
        pk=StripeTest.ID, defaults={"outcome": outcome, "about": digest_of_key()}
    )


def digest_of_key() -> str:
    """Tells one key from another, and no key."""
    what = f"{settings.STRIPE_SECRET_KEY} {settings.STRIPE_API_BASE}"
    return salted_hmac("shopfolio.stripe-test", what, algorithm="sha256").hexdigest()[:32]


def look_at_stripe(user: Any) -> State:
    last = StripeTest.objects.filter(about=digest_of_key()).first()
    outcome = KeyTest(last.outcome) if last else None
    if not settings.STRIPE_SECRET_KEY:
        return State(is_done=False, words=_("STRIPE_SECRET_KEY is not set: nobody can pay."))
    if settings.STRIPE_SIMULATED:
        return State(is_done=False, words=of_the_simulator(outcome))
    if outcome not in {None, KeyTest.ACCEPTED}:
        return State(is_done=False, words=outcome.label)
    if lacking := what_stripe_lacks():
        return State(is_done=False, words=lacking)
    if outcome is None:
        return State(is_done=False, words=_("Not tested yet."))
    return State(is_done=True, words=outcome.label)


def of_the_simulator(outcome: KeyTest | None) -> str:
    if outcome is None:
        return _("Payments are simulated: no money moves. Set STRIPE_SECRET_KEY to be paid.")
    if outcome == KeyTest.ACCEPTED:
        return _("The simulator answers. No money moves until STRIPE_SECRET_KEY is set.")
    return _("Payments are simulated, and the simulator does not answer.")


def what_stripe_lacks() -> str:
    """What a key alone does not give."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        return _("STRIPE_WEBHOOK_SECRET is missing: Stripe cannot tell when somebody has paid.")
    if settings.HTTPS and not settings.LOOPBACK and not gateway.is_live():
        return _("It is a test key, on a site that others reach: no money moves.")
    return ""


checklist.register(
    Step(
        kind="identity",
        position=10,
        heading=gettext_lazy("Who you are by law"),
        why=gettext_lazy("It stands on every invoice; without it an invoice is none."),
        look=look_at_identity,
        link=lambda: field_of_profile("legal_name", _("Fill in")),
    )
)
checklist.register(
    Step(
        kind="product",
        position=30,
        heading=gettext_lazy("A first product"),
        why=gettext_lazy("Published, with a price, and something in stock."),
        look=look_at_products,
        link=lambda: Link(_("Add a product"), f"{reverse('admin:ecommerce_product_add')}?{STEPS}"),
    )
)
checklist.register(
    Step(
        kind="stripe",
        position=50,
        heading=gettext_lazy("Payments"),
        why=gettext_lazy("Stripe takes the money for you. The key is set in the environment, never here."),
        look=look_at_stripe,
        test=test_stripe,
        button=gettext_lazy("Test the key"),
    )
)
