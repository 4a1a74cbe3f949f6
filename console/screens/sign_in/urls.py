"""Addresses of signing in and out."""

from django.urls import path

from console.screens.sign_in.views import by_link, sign_in, sign_out

urlpatterns = [
    path("sign-in/", sign_in, name="sign_in"),
    path("sign-in/link/<str:token>/", by_link, name="sign_in_link"),
    path("sign-out/", sign_out, name="sign_out"),
]
