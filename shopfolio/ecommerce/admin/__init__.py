from shopfolio.ecommerce.admin import cart, catalog, invoices, orders, payments

__all__ = ["cart", "catalog", "invoices", "orders", "payments"]
