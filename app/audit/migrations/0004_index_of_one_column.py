import django.db.models.deletion
from config.db.migrating import DropOwnIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_four_eyes"),
        ("audit", "0003_found_by_action_and_actor"),
    ]

    operations = [
        DropOwnIndex(
            model_name="auditevent",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organisation",
            ),
        ),
    ]
