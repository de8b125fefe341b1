from shopfolio.ecommerce.models.addresses import Address
from shopfolio.ecommerce.models.cart import Cart, CartLine
from shopfolio.ecommerce.models.catalog import Product, ProductFile, ProductImage, Variant
from shopfolio.ecommerce.models.invoices import Invoice, InvoiceLine, InvoicePDF, InvoiceSeries
from shopfolio.ecommerce.models.orders import Entitlement, Order, OrderEvent, OrderLine
from shopfolio.ecommerce.models.payments import Refund, StripeEvent, StripeSession, StripeTest
from shopfolio.ecommerce.models.settings import ShopSettings
from shopfolio.ecommerce.models.stock import StockMovement

__all__ = [
    "Address",
    "Cart",
    "CartLine",
    "Entitlement",
    "Invoice",
    "InvoiceLine",
    "InvoicePDF",
    "InvoiceSeries",
    "Order",
    "OrderEvent",
    "OrderLine",
    "Product",
    "ProductFile",
    "ProductImage",
    "Refund",
    "ShopSettings",
    "StockMovement",
    "StripeEvent",
    "StripeSession",
    "StripeTest",
    "Variant",
]
