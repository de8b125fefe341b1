from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ecommerce', '0014_disputes'),
    ]

    operations = [
        migrations.AddField(
            model_name='stripesession',
            name='disputed',
            field=models.PositiveBigIntegerField(default=0, help_text='While a dispute lasts, or for good if it is lost.', verbose_name='taken by the bank'),
        ),
        migrations.AddField(
            model_name='stripesession',
            name='disputed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='taken by the bank at'),
        ),
    ]
