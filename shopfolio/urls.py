from django.contrib import admin
from django.urls import include, path

handler400 = "shopfolio.core.views.status_pages.bad_request"
handler403 = "shopfolio.core.views.status_pages.forbidden"
handler404 = "shopfolio.core.views.status_pages.not_found"
handler429 = "shopfolio.core.views.status_pages.too_many_tries"  # allauth asks for it
handler500 = "shopfolio.core.views.status_pages.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("account/", include("shopfolio.users.urls")),
    path("", include("shopfolio.ecommerce.urls")),
    path("", include("shopfolio.core.urls")),
]
