"""Something of everything: a row of every model, and content behind every address of tests/addresses.py."""

from django.contrib.redirects.models import Redirect
from django.core.files.base import ContentFile

from shopfolio.core import models as core
from shopfolio.ecommerce import models as shop
from shopfolio.tasks.models import Email, Job
from shopfolio.users import audit
from shopfolio.users.models import CustomUser
from tests.factories import (
    make_cart,
    make_page,
    make_paid_order,
    make_post,
    make_product,
    make_shop,
    make_testimonial,
    make_variant,
)


def add_pages() -> None:
    """What the public addresses of tests/addresses.py show."""
    make_shop()
    project = make_page(core.Project, "Project 0")
    make_page(core.Skill, "Skill 0").projects.add(project)
    make_page(core.Policy, "Policy 0")
    make_post("Post 0").tags.add(core.Tag.objects.create(title="Tag 0"))
    make_testimonial(project=project)
    make_variant(make_product("Product 0", project=project))


def add_rows() -> None:
    """Drafts and finished ones, an order that is paid, a mail, a job."""
    add_pages()
    make_post()
    variant = make_variant(make_product())
    make_cart((variant, 1))
    order = make_paid_order((variant, 1))
    core.Project.objects.create(title="Mural")
    core.Skill.objects.create(title="Drawing")
    core.Certificate.objects.create(title="Diploma", issuer="School")
    core.Experience.objects.create(title="Painter", started="2019")
    core.Policy.objects.create(title="Privacy")
    core.Tag.objects.create(title="Ink")
    core.Testimonial.objects.create(name="Jonas", feedback="Good.")
    message = core.ContactMessage.objects.create(name="Ana", email="ana@example.org", message="Hello")
    core.ContactReply.objects.create(message=message, text="Hello yourself")
    core.Subscriber.objects.create(email="sub@example.org")
    core.CspReport.objects.create(directive="img-src", blocked="data", page="/contact/")
    Redirect.objects.create(site_id=1, old_path="/old/", new_path="/new/")
    audit.record("user", by=None, about=CustomUser.objects.create_user("reader@example.org"))
    Job.objects.create(name="tasks.prune", key="1")
    Email.objects.create(
        key="1", to="ana@example.org", subject="Hi", text="Hello", message_id="<1@example.org>"
    )
    shop.StripeEvent.objects.create(event_id="evt_1", type="checkout.session.completed", payload={})
    shop.Refund.objects.create(
        order=order, session=order.sessions.get(), amount=100, currency="EUR", idempotency_key="re:1"
    )
    line = order.lines.get(kind="product")
    shop.Entitlement.objects.create(order=order, line=line, product=variant.product)
    invoice = order.invoices.get()
    pdf = ContentFile(b"%PDF-1.7", name=f"{invoice.number}.pdf")
    shop.InvoicePDF.objects.create(invoice=invoice, file=pdf, sha256="0" * 64)
