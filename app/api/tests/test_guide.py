"""The examples of docs/api.md do what the page says."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from accounts.models import User
from django.test import Client
from registers.models import Project

from api.tests.test_tokens import bearer

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "api.md"
EXAMPLES = re.findall(r"```\n(curl .*?)```", GUIDE.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_guide_works(example: str, client: Client, manager: User, project: Project) -> None:
    token = bearer(manager)["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    key = str(project.obligations.order_by("pk")[0].pk)
    row = client.get(f"/api/v1/projects/WRL/obligations/{key}/", HTTP_AUTHORIZATION=f"Bearer {token}")
    text = (
        example.replace("$ETAG", row.headers["ETag"].replace('"', r"\""))
        .replace("$TOKEN", token)
        .replace("$ENSSOL", "")
        .replace("s/1/", f"s/{key}/")
    )
    words = shlex.split(text.replace('"obligation": 1', f'"obligation": {key}').replace("\\\n", " "))
    headers: dict[str, Any] = {}
    data = method = ""
    for option, value in pairwise(words):
        if option == "-H":
            name, _, content = value.partition(": ")
            headers["CONTENT_TYPE" if name == "Content-Type" else f"HTTP_{name.upper().replace('-', '_')}"] = content
        elif option == "-d":
            data, method = value, method or "POST"
        elif option == "-X":
            method = value
    content_type = headers.pop("CONTENT_TYPE", "application/json")
    response = client.generic(method or "GET", words[-1], data, content_type, **headers)
    assert response.status_code in {200, 201}, response.content
