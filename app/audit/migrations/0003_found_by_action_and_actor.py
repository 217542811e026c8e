from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_only_ever_added_to"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["project_id", "action", "-sequence"], name="audit_project_action"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["project_id", "actor", "-sequence"], name="audit_project_actor"),
        ),
    ]
