from django.conf import settings
from django.urls import path

from shopfolio.ecommerce.views import account, cart, catalog, checkout, finder, orders, styleguide
from shopfolio.ecommerce.webhooks import stripe_webhook

app_name = "ecommerce"
urlpatterns = [
    path("shop/", catalog.shop, name="shop"),
    path("shop/<str:slug>/", catalog.product, name="product"),
    path("cart/", cart.cart, name="cart"),
    path("cart/add/<str:slug>/", cart.add, name="cart_add"),
    path("cart/update/", cart.update, name="cart_update"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("checkout/return/", checkout.returned, name="checkout_return"),
    path("checkout/cancelled/", checkout.cancelled, name="checkout_cancelled"),
    path("orders/find/", finder.find, name="find"),
    path("orders/find/sent/", finder.sent, name="find_sent"),
    path("orders/<str:token>/", orders.order, name="order"),
    path("orders/<str:token>/invoice.pdf", orders.latest_document, name="invoice"),
    path("orders/<str:token>/documents/<path:number>.pdf", orders.document, name="document"),
    path("orders/<str:token>/downloads/<uuid:file_id>/", orders.download, name="download"),
    path("account/orders/", account.orders, name="account_orders"),
    path("account/addresses/", account.addresses, name="addresses"),
    path("account/addresses/new/", account.address, name="address_new"),
    path("account/addresses/<uuid:address_id>/", account.address, name="address"),
    path("account/addresses/<uuid:address_id>/do/", account.change_addresses, name="address_do"),
    path("webhooks/stripe/", stripe_webhook, name="stripe_webhook"),
]
if settings.DEBUG:
    urlpatterns += [path("styleguide/", styleguide.styleguide, name="styleguide")]
