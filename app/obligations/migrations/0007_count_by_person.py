from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("obligations", "0006_steps_of_an_import"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["project", "responsible_person"], name="obligation_project_person"),
        ),
    ]
