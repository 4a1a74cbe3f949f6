"""Addresses of tools, below ``/t/<tenant>/tools/``; the verbs name their link or tool in the query or the form."""

from django.urls import path

from console.screens.tools.affected_views import show_affected
from console.screens.tools.servers import accept_tool, list_servers, look_again
from console.screens.tools.verbs import add_a_note, force_link, probe_link, slow_limit
from console.screens.tools.views import list_tools, show_llm, show_tool

urlpatterns = [
    path("", list_tools, name="list"),
    path("-/affected/", show_affected, name="affected"),
    path("-/force/", force_link, name="force"),
    path("-/probe/", probe_link, name="probe"),
    path("-/slow/", slow_limit, name="slow"),
    path("-/note/", add_a_note, name="note"),
    path("-/servers/", list_servers, name="servers"),
    path("-/servers/<int:server_id>/look/", look_again, name="look"),
    path("-/servers/tools/<int:tool_id>/accept/", accept_tool, name="accept"),
    path("llm/<path:name>/", show_llm, name="llm"),
    path("<path:name>/", show_tool, name="detail"),
]
