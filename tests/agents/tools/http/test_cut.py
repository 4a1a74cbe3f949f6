"""A kill in the middle of a call over HTTP."""

import threading

import pytest
from pydantic import JsonValue

from agents.edge import Edge, KillSwitch
from agents.engine.ports import Interrupted
from agents.tools.http.call import http_call
from tests.agents.tools.http.calling import link, told
from tests.agents.tools.http.far_end import SILENT, FarEnd, Reply

PATIENCE_SECONDS, LIMIT_SECONDS = 60, 600
"""Nothing but the kill ends the call while the test looks."""
DRIP = Reply(200, (("content-type", "application/json"),), b" ", pieces=10**6, pause_seconds=0.01)


@pytest.mark.parametrize("reply", [SILENT, DRIP])
def test_a_kill_ends_the_request_in_flight_and_closes_its_socket(reachable: FarEnd, reply: Reply) -> None:
    reachable.on("/", reply)
    edge, switch, caught = Edge(), KillSwitch(), list[BaseException | JsonValue]()

    def work() -> None:
        try:
            caught.append(edge.run(http_call(link(LIMIT_SECONDS, url=reachable.url), {}, told(), {}), switch))
        except Interrupted as cut:
            caught.append(cut)

    edge.start()
    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert reachable.arrived.wait(PATIENCE_SECONDS)
        switch.throw()
        assert reachable.hung_up.wait(PATIENCE_SECONDS)
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
        assert [type(each) for each in caught] == [Interrupted]
    finally:
        edge.stop()
        edge.loop.close()
