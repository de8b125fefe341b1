"""`shopfolio demo --remove` takes away what the demo made, and nothing else."""

from io import StringIO
from shutil import copytree

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from shopfolio.core.models import (
    BlogPost,
    ContactMessage,
    DemoRow,
    Profile,
    Project,
    ProjectPicture,
    Skill,
    Tag,
)
from shopfolio.core.search import search
from shopfolio.ecommerce.models import (
    Cart,
    CartLine,
    Invoice,
    InvoicePDF,
    InvoiceSeries,
    Order,
    Product,
    ProductFile,
    ShopSettings,
    StockMovement,
    Variant,
)
from shopfolio.ecommerce.services import stock
from shopfolio.ecommerce.services.refunds import refund_order
from shopfolio.pictures import private_storage
from shopfolio.tasks.emails import queue_mail
from shopfolio.tasks.models import Email, Job
from shopfolio.users.models import CustomUser
from tests.factories import make_paid_order, make_post, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DATA_DIR = tmp_path


@pytest.fixture
def without_printing(monkeypatch):
    """Neither invoices nor small pictures are made, which takes longer than all the rest."""
    monkeypatch.setattr("shopfolio.ecommerce.management.commands.demo.make_demo_renditions", lambda say: None)
    monkeypatch.setattr("shopfolio.ecommerce.demo.load.pdf_of", lambda invoice: None)


def load(**options):
    call_command("demo", stdout=StringIO(), **options)


def remove(**options):
    said = StringIO()
    call_command("demo", remove=True, stdout=said, **options)
    return said.getvalue()


NOT_CONTENT = {"django_session", "django_migrations", "auth_permission", "django_content_type"}


def dump():
    """Every row of every table but the owner's account, whose login stays."""
    owners = {"users.CustomUser", "account.EmailAddress"}
    models = [m for m in apps.get_models(include_auto_created=True) if m._meta.label not in owners]
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in models
        if model._meta.db_table not in NOT_CONTENT
    }


def stored():
    """What lies in the public and in the private storage."""
    private = {
        name for model in (ProductFile, InvoicePDF) for name in model.objects.values_list("file", flat=True)
    }
    return {(private_storage(), name) for name in private} | {
        (default_storage, f"pictures/demo/{name}") for name in default_storage.listdir("pictures/demo")[1]
    }


def add_own_rows():
    post = make_post("My own post")
    post.tags.add(Tag.objects.create(title="Mine"))
    project = Project.objects.create(title="My own work", status=Project.Status.PUBLISHED)
    project.skills.add(Skill.objects.create(title="Whistling"))
    ContactMessage.objects.create(name="Marta", email="marta@example.org", message="Hello")
    make_variant(sku="MINE", available=7)


def test_what_is_left_are_the_own_rows_alone(settings, demo_media):
    copytree(demo_media, settings.MEDIA_ROOT)
    empty = dump()
    load()
    files = stored()
    demo = dump()
    add_own_rows()
    own = {table: [row for row in rows if row not in demo[table]] for table, rows in dump().items()}

    words = remove()

    assert dump() == {table: sorted(rows + own[table]) for table, rows in empty.items()}, words
    assert search("plotter").hits == []
    assert len(search("own").hits) == 2
    assert len(files) > 30
    assert [name for storage, name in files if storage.exists(name)] == []


def test_own_rows_that_were_there_before_stay_too(without_printing):
    add_own_rows()
    before = dump()

    load()
    remove()

    assert dump() == before


def test_removing_twice_and_without_a_demo_changes_nothing(without_printing):
    load()
    remove()
    once = dump()

    assert remove() == "There is no demo content here.\n"
    assert dump() == once


def test_the_demo_can_be_loaded_again(without_printing):
    load()
    first = {model._meta.label: model._base_manager.count() for model in apps.get_models()}
    remove()

    load()

    assert {model._meta.label: model._base_manager.count() for model in apps.get_models()} == first


def test_the_many_rows_for_load_tests_go_too(without_printing):
    load(posts=40, products=30, orders=12)

    remove()

    assert (BlogPost.objects.count(), Product.objects.count(), Order.objects.count()) == (0, 0, 0)
    assert DemoRow.objects.count() == 0


def test_the_first_real_invoice_is_number_one(without_printing):
    load()
    year = timezone.now().year
    assert Invoice.objects.filter(series__code=f"INV-{year}").exists()
    remove()

    order = make_paid_order()

    assert order.invoices.get().number == f"INV-{year}-0001"


def test_what_the_owner_changed_stays_and_is_named(without_printing):
    load()
    post = BlogPost.objects.order_by("pk")[0]
    post.title = "Now it is mine"
    post.save()

    words = remove()

    assert [each.title for each in BlogPost.objects.all()] == ["Now it is mine"]
    assert "Post “Now it is mine”: You have changed it since." in words
    kept = set(post.tags.values_list("title", flat=True))
    assert set(Tag.objects.values_list("title", flat=True)) == kept


def test_a_product_whose_stock_was_counted_stays_whole(without_printing):
    load()
    variant = Variant.objects.get(sku="TIDE-30")
    stock.receive(variant.pk, 5)
    before = list(variant.product.variants.values_list("sku", flat=True))

    words = remove()

    product = Product.objects.get()
    assert list(product.variants.values_list("sku", flat=True)) == before
    assert f"Product “{product.title}”: You have changed it since." in words
    for each in product.variants.exclude(available=None):
        assert StockMovement.shelf_by_ledger(each.pk) == each.available


def test_a_picture_beside_the_demos_own_keeps_the_whole_case_study(without_printing):
    load()
    project = Project.objects.order_by("pk")[0]
    added = ProjectPicture.objects.create(project=project, title="Mine", image=project.image.name)
    pictures = project.pictures.count()

    words = remove()

    assert [(each, each.pictures.count()) for each in Project.objects.all()] == [(project, pictures)]
    assert added in project.pictures.all()
    assert f"Case study “{project.title}”: You have added to it since." in words


def test_a_real_order_keeps_what_it_is_of_and_the_documents_before_its_own(without_printing):
    load()
    invoices = set(models_pk(Invoice))
    order = make_paid_order((Variant.objects.get(sku="TIDE-30"), 1))

    words = remove()

    assert set(models_pk(Invoice)) == invoices | {order.invoices.get().pk}
    assert Product.objects.filter(variants__sku="TIDE-30").exists()
    number = order.invoices.get().number
    assert f"{number} was issued in the same series, whose numbers must have no gap." in words
    assert Order.objects.filter(paid_at=None).count() == 0
    assert Variant.objects.count() < 20
    assert remove().strip() == words[words.index("This stays") :].strip()
    assert not DemoRow.objects.filter(is_held=False).exists()


def test_trial_orders_go_when_asked_for(without_printing):
    load()
    make_paid_order((Variant.objects.get(sku="TIDE-30"), 1))
    remove()
    assert Order.objects.exists()

    remove(trials=True)

    assert not Order.objects.exists()
    assert not Invoice.objects.exists()
    assert not InvoiceSeries.objects.exists()
    assert not Product.objects.exists()


def test_an_order_paid_with_real_money_is_no_trial(without_printing):
    load()
    order = make_paid_order((Variant.objects.get(sku="TIDE-30"), 1))
    order.sessions.update(session_id="cs_live_1")

    remove(trials=True)

    assert Order.objects.filter(pk=order.pk).exists()
    assert Invoice.objects.filter(order=order).exists()


def test_a_demo_order_goes_with_its_refund_its_jobs_and_its_mails(without_printing):
    load()
    order = Order.objects.filter(status="paid").first()
    refund_order(order)
    queue_mail(
        "owner_notice", key=f"owner-notice-{order.pk}", to="ines@example.org", context={"order": order}
    )
    assert Job.objects.count() == 2

    remove()

    assert (Order.objects.count(), Job.objects.count(), Email.objects.count()) == (0, 0, 0)


def test_a_cart_with_a_demo_product_loses_it_and_stays(without_printing):
    load()
    cart = Cart.objects.create()
    CartLine.objects.create(cart=cart, variant=Variant.objects.first(), quantity=1)

    remove()

    assert list(Cart.objects.all()) == [cart]
    assert not CartLine.objects.exists()
    assert not Product.objects.exists()


def test_of_the_profile_what_the_owner_wrote_stays(without_printing):
    load()
    profile = Profile.load()
    profile.name, profile.country = "Marta Reis", "ES"
    profile.save()

    words = remove()

    profile = Profile.load()
    assert (profile.name, profile.country) == ("Marta Reis", "ES")
    assert (profile.legal_name, profile.tax_id, profile.headline, profile.portrait.name) == ("", "", "", "")
    assert "Of the profile stays what you wrote: country, name." in words


def test_the_shops_settings_stay_when_they_were_saved(without_printing):
    load()
    ShopSettings.load().save()

    assert "Shop settings: You have changed it since." in remove()

    assert ShopSettings.load().tax_rate == 2300


def test_the_owner_keeps_the_login(without_printing):
    load()

    remove()

    assert CustomUser.owners().count() == 1


def test_a_file_that_something_else_names_stays(without_printing):
    load()
    picture = Profile.load().portrait.name
    make_post("Mine", image=picture)

    remove()

    assert private_storage().exists(picture)


def models_pk(model):
    return model.objects.values_list("pk", flat=True)
