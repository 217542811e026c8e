from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0004_invitations"),
    ]

    operations = [
        migrations.AddField(
            model_name="aspect",
            name="retired_at",
            field=models.DateTimeField(blank=True, help_text="From then on it is offered to nobody.", null=True),
        ),
        migrations.AddField(
            model_name="obligationtype",
            name="retired_at",
            field=models.DateTimeField(blank=True, help_text="From then on it is offered to nobody.", null=True),
        ),
        migrations.AddField(
            model_name="party",
            name="retired_at",
            field=models.DateTimeField(blank=True, help_text="From then on it is offered to nobody.", null=True),
        ),
        migrations.AddField(
            model_name="phase",
            name="retired_at",
            field=models.DateTimeField(blank=True, help_text="From then on it is offered to nobody.", null=True),
        ),
        migrations.AddField(
            model_name="responsiblerole",
            name="retired_at",
            field=models.DateTimeField(blank=True, help_text="From then on it is offered to nobody.", null=True),
        ),
    ]
