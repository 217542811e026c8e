from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_expiry_and_sign_in_limits"),
    ]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="four_eyes",
            field=models.BooleanField(
                default=False, help_text="Who submits an occurrence for review does not close it: somebody else does."
            ),
        ),
    ]
