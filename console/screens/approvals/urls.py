"""Addresses of the approvals, below ``/t/<tenant>/approvals/``."""

from django.urls import path

from console.screens.approvals.rule_views import edit_one, list_rules, move, switch
from console.screens.approvals.views import edit, list_waiting, say_looking, say_word, show

urlpatterns = [
    path("", list_waiting, name="list"),
    path("rules/", list_rules, name="rules"),
    path("rules/new/", edit_one, name="new_rule"),
    path("rules/<int:rule_id>/", edit_one, name="rule"),
    path("rules/<int:rule_id>/move/", move, name="move_rule"),
    path("rules/<int:rule_id>/switch/", switch, name="switch_rule"),
    path("<int:approval_id>/", show, name="detail"),
    path("<int:approval_id>/edit/", edit, name="edit"),
    path("<int:approval_id>/word/", say_word, name="word"),
    path("<int:approval_id>/looking/", say_looking, name="looking"),
]
