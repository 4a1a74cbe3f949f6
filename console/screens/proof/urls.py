"""The address of the proof, ``/t/<tenant>/budgets/proof/``, and its one verb."""

from django.urls import path

from console.screens.proof.views import show_progress, show_proof, verify_now

urlpatterns = [
    path("", show_proof, name="show"),
    path("verify/", verify_now, name="verify"),
    path("progress/", show_progress, name="progress"),
]
