"""What the roles may do in the shop."""

from shopfolio.ecommerce.models import (
    Invoice,
    Order,
    Product,
    ProductFile,
    ProductImage,
    StockMovement,
    Variant,
)
from shopfolio.users.roles import Role, grant

grant(Role.CLERK, Product, Variant, ProductImage, ProductFile)
# To change an order is to press its buttons; giving money back needs `ecommerce.add_refund`.
grant(Role.CLERK, Order, may=("view", "change"))
grant(Role.CLERK, StockMovement, Invoice, may=("view",))
