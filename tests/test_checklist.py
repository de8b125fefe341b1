"""What a new site still needs, and how its keys and mails are tested."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from shopfolio import checklist
from shopfolio.core.models import Policy, Profile
from shopfolio.core.services import forget_site
from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.models.settings import forget_shop_settings
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users.roles import Role
from tests.factories import (
    make_page,
    make_post,
    make_product,
    make_shop,
    make_staff,
    make_variant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

START = "/admin/start/"


@pytest.fixture
def demo(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT, settings.DATA_DIR = tmp_path / "media", tmp_path
    monkeypatch.setattr("shopfolio.ecommerce.demo.load.pdf_of", lambda invoice: None)
    monkeypatch.setattr("shopfolio.ecommerce.management.commands.demo.make_demo_renditions", lambda say: None)
    call_command("demo", stdout=StringIO())


@pytest.fixture
def owner(owner_client):
    return owner_client.get(START).wsgi_request.user


def states(user):
    forget_site()
    forget_shop_settings()
    return {entry.step.kind: entry.state for entry in checklist.look(user).entries}


def is_done(user, kind):
    return states(user)[kind].is_done


def test_a_new_site_has_nothing_done(owner_client):
    steps = owner_client.get(START).context["checklist"]

    kinds = ["identity", "money", "product", "policies", "stripe", "mail", "second-factor", "post"]
    assert [entry.step.kind for entry in steps.entries] == kinds
    assert (steps.done, steps.total, steps.next.step.kind) == (0, 7, "identity")


def test_what_the_demo_brought_does_not_count(owner, demo):
    assert [kind for kind, state in states(owner).items() if state.is_done] == []


def test_the_first_page_tells_the_next_step_to_the_owner_alone(owner_client, client):
    assert "0 of 7 steps are done." in owner_client.get("/admin/").text

    clerk = Client()
    clerk.force_login(make_staff(Role.CLERK))
    assert "steps are done" not in clerk.get("/admin/").text


def test_the_first_page_is_quiet_once_all_is_done(owner_client, monkeypatch):
    monkeypatch.setattr(checklist, "STEPS", {})

    assert "steps are done" not in owner_client.get("/admin/").text


def test_identity_wants_a_tax_number_only_where_tax_is_charged(owner):
    make_shop(tax_rate=0)
    Profile.objects.update(tax_id="")
    assert is_done(owner, "identity")

    make_shop(tax_rate=2300)
    Profile.objects.update(tax_id="")

    assert states(owner)["identity"].words == "Missing: tax number."


def test_a_step_leads_to_the_field(owner_client):
    entry = owner_client.get(START).context["checklist"].entries[0]

    assert entry.link.url == f"{reverse('admin:core_profile_changelist')}?then=start#id_legal_name"
    page = owner_client.get(entry.link.url, follow=True)
    assert 'id="id_legal_name"' in page.text


def test_a_product_must_be_published_priced_and_in_stock(owner):
    draft = make_product(live=False)
    make_variant(draft)
    make_variant(make_product(), available=None, price=0)
    sold_out = make_variant(available=0)
    assert states(owner)["product"].words == "It is not published yet, or has no price, or no stock."

    make_variant(sold_out.product)

    assert is_done(owner, "product")


def test_privacy_terms_and_a_post_are_asked_for(owner):
    make_page(Policy, "Privacy")
    assert states(owner)["policies"].words == "Missing: terms."

    make_page(Policy, "Terms")
    make_post()

    assert is_done(owner, "policies")
    assert is_done(owner, "post")


def test_a_second_factor_is_asked_for(owner):
    assert not is_done(owner, "second-factor")

    Authenticator.objects.create(user=owner, type="totp", data={"secret": "x"})

    assert is_done(owner, "second-factor")


def test_a_step_that_has_no_test_is_no_page(owner_client):
    assert owner_client.post("/admin/start/identity/").status_code == 404
    assert owner_client.post("/admin/start/none/").status_code == 404


def test_a_test_mail_goes_out_like_every_mail_and_its_fate_is_shown(
    owner_client, owner, settings, mailoutbox
):
    settings.EMAIL_URL = "smtp://example.org"

    answer = owner_client.post("/admin/start/mail/")
    assert (answer.status_code, answer["Location"]) == (303, "/admin/start/#mail")
    waiting = owner_client.get(START)
    assert "On its way …" in waiting.text
    assert waiting["Refresh"] == "3"
    run_due_jobs()

    page = owner_client.get(START)
    assert "The mail server took it on" in page.text
    assert not page.has_header("Refresh")
    assert [message.to for message in mailoutbox] == [[owner.email]]
    assert is_done(owner, "mail")


def test_why_a_test_mail_fails_is_said(owner_client, owner, settings):
    settings.EMAIL_URL = "smtp://example.org"
    owner_client.post("/admin/start/mail/")

    Job.objects.update(attempts=2, last_error="Traceback\nOSError: refused")

    assert states(owner)["mail"].words == "It is tried again; the last time: OSError: refused"
    Job.objects.update(status=Job.Status.DEAD)
    assert states(owner)["mail"].words == "It could not be sent: OSError: refused"
    assert not is_done(owner, "mail")


def test_mail_that_stays_in_a_folder_reaches_nobody(owner_client, owner):
    assert states(owner)["mail"].words == "EMAIL_URL is not set: mails are kept in a folder and reach nobody."
    owner_client.post("/admin/start/mail/")
    run_due_jobs()

    assert Email.objects.get().sent_at
    assert states(owner)["mail"].words.endswith("It reaches nobody until EMAIL_URL is set.")
    assert not is_done(owner, "mail")


@pytest.fixture
def account(simulator, settings):
    """The simulator in the place of Stripe's own server."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = simulator.key, simulator.url
    settings.STRIPE_WEBHOOK_SECRET = ["whsec_x"]
    settings.STRIPE_SIMULATED = False
    gateway.client.cache_clear()
    yield simulator
    gateway.client.cache_clear()


def stripe_words(owner_client):
    owner_client.post("/admin/start/stripe/")
    return next(
        entry.state
        for entry in owner_client.get(START).context["checklist"].entries
        if entry.step.kind == "stripe"
    )


def test_a_key_that_stripe_accepts_is_said_to_work(owner_client, owner, account):
    assert states(owner)["stripe"].words == "Not tested yet."

    assert stripe_words(owner_client) == checklist.State(True, "Stripe accepts the key.")


def test_another_key_was_not_tested(owner_client, owner, account, settings):
    stripe_words(owner_client)

    settings.STRIPE_SECRET_KEY = "sk_test_another"

    assert states(owner)["stripe"] == checklist.State(False, "Not tested yet.")


def test_a_key_that_stripe_refuses_is_said_to_be(owner_client, account, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"

    assert stripe_words(owner_client).words.startswith("Stripe refuses the key.")


def test_that_stripe_cannot_be_reached_is_said(owner_client, account, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    assert stripe_words(owner_client).words.startswith("Stripe cannot be reached")


def test_a_missing_webhook_secret_is_said(owner_client, account, settings):
    settings.STRIPE_WEBHOOK_SECRET = []

    assert stripe_words(owner_client).words.startswith("STRIPE_WEBHOOK_SECRET is missing")


def test_a_test_key_will_not_do_on_a_site_that_others_reach(owner, account, settings):
    checklist.STEPS["stripe"].test(owner)

    settings.HTTPS, settings.LOOPBACK = True, False

    assert states(owner)["stripe"].words.startswith("It is a test key")
    assert not is_done(owner, "stripe")


def test_the_simulator_is_no_way_to_be_paid(owner_client, owner, account, settings):
    settings.STRIPE_SIMULATED = True
    assert states(owner)["stripe"].words.startswith("Payments are simulated: no money moves.")

    assert stripe_words(owner_client) == checklist.State(
        False, "The simulator answers. No money moves until STRIPE_SECRET_KEY is set."
    )


def test_that_no_key_is_set_is_said(owner_client, settings):
    settings.STRIPE_SECRET_KEY = ""

    assert stripe_words(owner_client).words == "STRIPE_SECRET_KEY is not set: nobody can pay."
