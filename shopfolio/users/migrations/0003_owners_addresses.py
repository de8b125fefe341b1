"""Whoever runs the site already need not show that their address is theirs."""

from django.db import migrations


def confirm_addresses_of_staff(apps, schema_editor):
    EmailAddress = apps.get_model("account", "EmailAddress")
    for user in apps.get_model("users", "CustomUser").objects.filter(is_staff=True, emailaddress=None):
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0002_tally"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(confirm_addresses_of_staff, migrations.RunPython.noop, elidable=True)]
