"""The web process: pages through Django, the live feed through Channels."""

import atexit
import os
import warnings

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

# WhiteNoise answers with a file iterator, which Django reads in a thread under ASGI; that is what we want.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

# Each request has a thread of its own here: a connection that it kept would stay open, with its cache of pages, until
# a garbage collection finds it.
settings.DATABASES["default"]["CONN_MAX_AGE"] = 0

pages = get_asgi_application()

# The consumers import models, which exist only once Django has been set up by the line above.
from agents import event_log  # noqa: E402
from console.live.routing import websocket_urlpatterns  # noqa: E402

event_log.start("watchfloor-web")
atexit.register(event_log.stop)

sockets = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]  # the stubs know no pattern that path() makes

application = ProtocolTypeRouter(
    {"http": pages, "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(sockets))}
)
