from playwright.sync_api import Page, expect

from shopfolio.tasks.models import Job
from tests.factories import make_paid_order, make_shop
from tests.troubles import make_dead_job, make_dead_mail, make_failed_refund, make_late_payment, make_review


def test_a_dead_job_is_seen_on_the_first_page_opened_and_run_again(owner_page: Page):
    make_shop()
    order = make_paid_order()
    job = make_dead_job("ecommerce.mail_order_paid", str(order.pk), order_id=str(order.pk))
    owner_page.goto("/admin/")

    owner_page.get_by_role("link", name="1 thing needs your attention").click()
    case = owner_page.get_by_role("listitem").filter(has_text="Thank the buyer for an order")
    expect(case).to_contain_text("OSError: no space left")
    case.get_by_role("link", name=f"Order {order.number}").click()
    expect(owner_page.locator(".timeline")).to_contain_text("Given up: Thank the buyer for an order")
    owner_page.go_back()
    case.get_by_role("button", name="Run again: Thank the buyer for an order").click()

    expect(owner_page.locator(".messagelist .success")).to_have_text("1 job runs again.")
    expect(owner_page.get_by_text("Nothing needs you.")).to_be_visible()
    job.refresh_from_db()
    assert (job.status, job.attempts) == (Job.Status.DUE, 0)
    owner_page.goto("/admin/")
    expect(owner_page.get_by_text("Nothing needs your attention.")).to_be_visible()


def test_what_needs_the_owner_fits_a_phone(owner_page: Page):
    make_shop()
    make_dead_mail(to=f"{'long' * 12}@{'example' * 5}.org")
    make_dead_job(error="E" * 300)
    make_review(why="Only 1 left of " + "Donaudampfschifffahrtsgesellschaft" * 4)
    make_late_payment()
    refund = make_failed_refund()
    owner_page.set_viewport_size({"width": 390, "height": 844})

    for address in ("/admin/", "/admin/attention/", f"/admin/ecommerce/order/{refund.order_id}/change/"):
        owner_page.goto(address)

        assert owner_page.evaluate("document.documentElement.scrollWidth") == 390, address
    story = owner_page.locator(".timeline").bounding_box()
    assert story
    assert story["x"] + story["width"] <= 390 - 20, "and nothing of it is cut off"
    owner_page.goto("/admin/attention/")
    heights = owner_page.locator(".attention button").evaluate_all("all => all.map(b => b.offsetHeight)")
    assert len(heights) == 6
    assert min(heights) >= 44
