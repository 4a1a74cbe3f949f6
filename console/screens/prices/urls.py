"""Addresses of the prices, below ``/t/<tenant>/prices/``; an LLM is named by ``?llm=``, for names have slashes."""

from django.urls import path

from console.screens.prices.views import list_prices, preview, set_new, withdraw

urlpatterns = [
    path("", list_prices, name="list"),
    path("new/", set_new, name="set"),
    path("new/preview/", preview, name="preview"),
    path("versions/<int:version>/withdraw/", withdraw, name="withdraw"),
]
