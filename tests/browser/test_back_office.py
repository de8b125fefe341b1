import pytest
from playwright.sync_api import Page, expect

from shopfolio.core.models import BlogPost, Policy, Tag
from shopfolio.ecommerce.models import StockMovement, Variant
from tests.factories import make_paid_order, make_product, make_shop, make_variant


def test_a_word_typed_into_the_editor_is_on_the_public_page(owner_page: Page):
    make_shop()
    owner_page.goto("/admin/core/blogpost/add/")
    owner_page.get_by_label("Title:", exact=True).fill("On tides")
    editor = owner_page.locator(".prose-editor .tiptap")

    editor.click()
    owner_page.keyboard.type("Estuary ")
    owner_page.keyboard.press("Control+b")
    owner_page.keyboard.type("spring")
    owner_page.get_by_label("Status:").select_option("Published")
    owner_page.get_by_role("button", name="Save", exact=True).click()
    expect(owner_page.locator(".messagelist .success")).to_be_visible()

    post = BlogPost.objects.get()
    assert post.body == "<p>Estuary <strong>spring</strong></p>"
    assert post.slug == "on-tides"
    owner_page.goto(post.get_absolute_url())
    expect(owner_page.locator("main strong", has_text="spring")).to_be_visible()


def test_a_table_and_a_heading_survive_the_editor(owner_page: Page):
    make_shop()
    owner_page.goto("/admin/core/policy/add/")
    owner_page.get_by_label("Title:", exact=True).fill("Terms")
    owner_page.locator(".prose-editor .tiptap").click()

    owner_page.keyboard.type("## Delivery")
    owner_page.keyboard.press("Enter")
    owner_page.get_by_title("Insert table").click()
    owner_page.get_by_label("Rows").fill("2")
    owner_page.get_by_label("Columns").fill("2")
    owner_page.get_by_label("Include header row").select_option("Yes")
    owner_page.locator("dialog").get_by_role("button", name="Insert Table").click()
    expect(owner_page.locator(".tiptap table")).to_be_visible()
    owner_page.get_by_role("button", name="Save", exact=True).click()
    expect(owner_page.locator(".messagelist .success")).to_be_visible()

    body = Policy.objects.get().body
    assert "<h2>Delivery</h2>" in body
    assert body.count("<tr>") == 2
    assert (body.count("<th>"), body.count("<td>")) == (2, 2)


def test_the_owner_counts_the_shelf_in_the_product_form(owner_page: Page):
    make_shop()
    variant = make_variant(make_product("Night Bus"), available=10)
    owner_page.goto(f"/admin/ecommerce/product/{variant.product.pk}/change/")

    owner_page.locator("#id_variants-0-on_shelf").fill("8")
    owner_page.locator("#id_variants-0-price").fill("31")
    owner_page.get_by_role("button", name="Save", exact=True).click()
    expect(owner_page.locator(".messagelist .success")).to_be_visible()

    assert Variant.objects.values_list("price", "available").get() == (3_100, 8)
    assert StockMovement.shelf_by_ledger(variant.pk) == 8


def test_a_second_variant_is_added_without_leaving_the_page(owner_page: Page):
    make_shop()
    variant = make_variant(make_product("Night Bus"), available=10)
    owner_page.goto(f"/admin/ecommerce/product/{variant.product.pk}/change/")

    owner_page.get_by_text("Add another Variant").click()
    owner_page.locator("#id_variants-1-sku").fill("BUS-A2")
    owner_page.locator("#id_variants-1-price").fill("48.50")
    owner_page.get_by_role("button", name="Save", exact=True).click()
    expect(owner_page.locator(".messagelist .success")).to_be_visible()

    assert Variant.objects.values_list("price", "available").get(sku="BUS-A2") == (4_850, None)


def test_an_order_is_sent_with_one_button(owner_page: Page):
    make_shop()
    order = make_paid_order()
    owner_page.goto(f"/admin/ecommerce/order/{order.pk}/change/")

    owner_page.get_by_role("button", name="Mark as sent").click()
    expect(owner_page.locator(".messagelist .success")).to_have_text("1 order sent.")

    order.refresh_from_db()
    assert order.fulfilment == "sent"
    expect(owner_page.get_by_role("button", name="Mark as sent")).to_have_count(0)


def test_no_page_of_the_back_office_is_wider_than_a_phone(owner_page: Page):
    make_shop()
    order = make_paid_order()
    owner_page.set_viewport_size({"width": 390, "height": 844})
    pages = [
        "/admin/", "/admin/ecommerce/order/", f"/admin/ecommerce/order/{order.pk}/change/",
        "/admin/ecommerce/product/add/", "/admin/core/blogpost/add/", "/admin/tasks/job/",
        "/admin/core/profile/", "/admin/ecommerce/shopsettings/", "/admin/ecommerce/stockmovement/",
        "/admin/ecommerce/invoice/", "/admin/attention/", "/admin/search/?q=a",
    ]  # fmt: skip

    widths = {}
    for address in pages:
        owner_page.goto(address)
        widths[address] = owner_page.evaluate("document.documentElement.scrollWidth")

    assert {address: width for address, width in widths.items() if width > 390} == {}


def test_a_phone_without_scripts_finds_its_way_and_narrows_a_list(owner_page: Page, live_site: str):
    make_shop()
    order = make_paid_order()
    context = owner_page.context.browser.new_context(
        base_url=live_site,
        java_script_enabled=False,
        viewport={"width": 390, "height": 844},
        storage_state=owner_page.context.storage_state(),
    )
    page = context.new_page()
    page.goto("/admin/")

    expect(page.locator(".places").get_by_text("Orders")).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    page.locator(".places").get_by_role("link", name="Orders").click()
    expect(page.locator("#result_list thead")).to_be_hidden()
    expect(page.locator("td.field-name")).to_have_attribute("data-column", "Name")
    page.get_by_text("Filter", exact=True).click()
    page.get_by_role("link", name="Refunded").click()

    expect(page.get_by_text("Nothing here is like that.")).to_be_visible()
    expect(page.get_by_text(order.number)).to_have_count(0)
    context.close()


def test_a_tag_that_is_made_meanwhile_is_ticked(owner_page: Page):
    make_shop()
    owner_page.goto("/admin/core/blogpost/add/")
    owner_page.get_by_label("Title:", exact=True).fill("On tides")

    with owner_page.expect_popup() as opened:
        owner_page.locator("#add_id_tags").click()
    opened.value.get_by_label("Name:", exact=True).fill("Ink")
    opened.value.get_by_role("button", name="Save", exact=True).click()
    expect(owner_page.get_by_label("Ink", exact=True)).to_be_checked()
    owner_page.get_by_role("button", name="Save", exact=True).click()
    expect(owner_page.locator(".messagelist .success")).to_be_visible()

    assert [tag.title for tag in BlogPost.objects.get().tags.all()] == ["Ink"]


def test_the_button_that_saves_stays_in_sight_on_a_phone(owner_page: Page):
    make_shop()
    owner_page.set_viewport_size({"width": 390, "height": 844})
    owner_page.goto("/admin/core/profile/")

    expect(owner_page.get_by_role("button", name="Save", exact=True)).to_be_in_viewport()
    owner_page.locator("#id_legal_email").focus()
    expect(owner_page.get_by_role("button", name="Save", exact=True)).to_be_in_viewport()
    expect(owner_page.locator("#id_legal_email")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_a_product_has_a_row_for_each_variant_and_no_other(owner_page: Page, width: int):
    make_shop()
    variant = make_variant(make_product("Night Bus"), available=10)
    owner_page.set_viewport_size({"width": width, "height": 900})
    owner_page.goto(f"/admin/ecommerce/product/{variant.product.pk}/change/")

    rows = owner_page.locator("#variants-group tbody tr.form-row").filter(visible=True)
    expect(rows).to_have_count(1)
    expect(owner_page.locator("#id_variants-__prefix__-price")).to_be_hidden()
    says_its_column = rows.get_by_text("Price", exact=True)
    heading = owner_page.locator("#variants-group th.column-price")
    assert heading.is_visible() is not (says_its_column.bounding_box()["width"] > 1)
    owner_page.get_by_text("Add another Variant").click()
    expect(rows).to_have_count(2)


def test_a_tag_of_many_is_found_by_its_letters(owner_page: Page):
    make_shop()
    for number in range(30):
        Tag.objects.create(title=f"Ink {number}")
    Tag.objects.create(title="Évora")
    owner_page.goto("/admin/core/blogpost/add/")
    owner_page.get_by_label("Title:", exact=True).fill("On tides")

    find = owner_page.get_by_label("Find: Tags")
    find.fill("evo")
    expect(owner_page.locator("#id_tags label").filter(visible=True)).to_have_count(1)
    find.press("Enter")
    owner_page.get_by_label("Évora").check()
    find.fill("")
    expect(owner_page.locator("#id_tags label").filter(visible=True)).to_have_count(31)
    owner_page.get_by_role("button", name="Save", exact=True).click()
    expect(owner_page.locator(".messagelist .success")).to_be_visible()

    post = BlogPost.objects.get()
    assert [tag.title for tag in post.tags.all()] == ["Évora"]
    owner_page.goto(f"/admin/core/blogpost/{post.pk}/change/")
    expect(owner_page.locator("#id_tags label").first).to_contain_text("Évora")
