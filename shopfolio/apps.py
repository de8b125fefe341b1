from django.contrib.admin.apps import AdminConfig


class BackOfficeConfig(AdminConfig):
    """Names the admin site; its module is imported when the first model is registered."""

    default_site = "shopfolio.back_office.BackOffice"
