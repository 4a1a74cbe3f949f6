"""Every address of the console; within a tenant, everything is fetched through it."""

from django.urls import include, path

from console.api.urls import urlpatterns as api
from console.health import health
from console.screens.actions.urls import urlpatterns as actions
from console.screens.agents.urls import urlpatterns as agents
from console.screens.approvals.urls import urlpatterns as approvals
from console.screens.budgets.urls import urlpatterns as budgets
from console.screens.effects.urls import urlpatterns as effects
from console.screens.everywhere.urls import urlpatterns as everywhere
from console.screens.home.views import home
from console.screens.launch.urls import urlpatterns as launch
from console.screens.overview.urls import urlpatterns as overview
from console.screens.overview.wall_views import show_wall
from console.screens.palette.urls import urlpatterns as palette
from console.screens.people.urls import urlpatterns as people
from console.screens.prices.urls import urlpatterns as prices
from console.screens.proof.urls import urlpatterns as proof
from console.screens.replay.urls import urlpatterns as replay
from console.screens.run.urls import urlpatterns as run
from console.screens.runs.urls import urlpatterns as runs
from console.screens.secrets.urls import urlpatterns as secrets
from console.screens.settings.urls import urlpatterns as settings
from console.screens.stops.urls import urlpatterns as stops
from console.screens.tenants.urls import urlpatterns as tenants
from console.screens.tiers.urls import urlpatterns as tiers
from console.screens.tools.urls import urlpatterns as tools

runs_urls = [
    path("", include(runs)),
    path("new/", include(launch)),
    path("<slug:run_id>/", include(run)),
    path("<slug:run_id>/", include(replay)),
]

urlpatterns = [
    path("", home, name="home"),
    path("healthz/", health, name="health"),
    path("", include("console.screens.sign_in.urls")),
    path("api/t/<slug:tenant>/", include((api, "api"))),
    path("all/", include((everywhere, "everywhere"))),
    path("tenants/", include((tenants, "tenants"))),
    path("wall/<str:token>/", show_wall, name="wall"),
    path("t/<slug:tenant>/", include((overview, "overview"))),
    path("t/<slug:tenant>/runs/", include((runs_urls, "runs"))),
    path("t/<slug:tenant>/stops/", include((stops, "stops"))),
    path("t/<slug:tenant>/approvals/", include((approvals, "approvals"))),
    path("t/<slug:tenant>/budgets/", include((budgets, "budgets"))),
    path("t/<slug:tenant>/agents/", include((agents, "agents"))),
    path("t/<slug:tenant>/actions/", include((actions, "actions"))),
    path("t/<slug:tenant>/effects/", include((effects, "effects"))),
    path("t/<slug:tenant>/people/", include((people, "people"))),
    path("t/<slug:tenant>/secrets/", include((secrets, "secrets"))),
    path("t/<slug:tenant>/palette/", include((palette, "palette"))),
    path("t/<slug:tenant>/settings/", include((settings, "settings"))),
    path("t/<slug:tenant>/prices/", include((prices, "prices"))),
    path("t/<slug:tenant>/tools/", include((tools, "tools"))),
    path("t/<slug:tenant>/budgets/proof/", include((proof, "proof"))),
    path("t/<slug:tenant>/budgets/tiers/", include((tiers, "tiers"))),
]
