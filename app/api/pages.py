"""Where the pages about tokens are: below a person's account, and in a project."""

from django.urls import path

from api.views import tokens

account = [
    path("tokens/", tokens.token_list, name="token_list"),
    path("tokens/add/", tokens.token_add, name="token_add"),
    path("tokens/<int:pk>/revoke/", tokens.token_end, name="token_revoke"),
]
project = [
    path("tokens/", tokens.project_tokens, name="project_tokens"),
    path("tokens/<int:pk>/revoke/", tokens.project_token_end, name="project_token_revoke"),
]
