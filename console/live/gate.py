"""Asks again and again who may still watch, for all sockets of this process together."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from django.db import DatabaseError

from console.live.access import Refusal, admit_wall, still_admitted
from console.live.threads import in_thread

CHECK_SECONDS = 2.0
"""Whoever is signed out or loses a role is to see no more within five seconds."""
CANNOT_CHECK = 1011

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """By what somebody watches: a session and the tenant that it looks at (all without one), or the link of a wall."""

    session_key: str | None
    tenant_slug: str
    wall: str = ""

    def refusal(self) -> Refusal | None:
        """Why it does not hold any more; None while it does."""
        if not self.wall:
            return still_admitted(self.session_key, self.tenant_slug)
        admitted = admit_wall(self.wall)
        return admitted if isinstance(admitted, Refusal) else None


class Guest(Protocol):
    """An open socket."""

    async def turn_out(self, code: int) -> None:
        """Close it."""
        ...


class Gate:
    """Sockets enter when they were admitted; several of one session are looked up once."""

    check_seconds = CHECK_SECONDS

    def __init__(self) -> None:
        self._guests: dict[Guest, Claim] = {}

    def enter(self, guest: Guest, claim: Claim) -> None:
        """From now on this one is asked for too."""
        self._guests[guest] = claim

    def leave(self, guest: Guest) -> None:
        """Its socket is closed."""
        self._guests.pop(guest, None)

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            await asyncio.sleep(self.check_seconds)
            try:
                await self.check()
            except Exception:
                logger.exception("live feed: could not turn out who may no longer watch")

    async def check(self) -> None:
        """Turn out who may watch no more; of whom that cannot be said too: the page tries again."""
        guests = dict(self._guests)
        if not guests:
            return
        try:
            refusals = await in_thread(_refusals, set(guests.values()))
        except DatabaseError:
            logger.exception("live feed: could not check who is watching")
            refusals = dict.fromkeys(guests.values(), Refusal(CANNOT_CHECK))
        for guest, claim in guests.items():
            if (refusal := refusals.get(claim)) is not None and guest in self._guests:
                self.leave(guest)
                await guest.turn_out(refusal.code)


def _refusals(claims: Collection[Claim]) -> dict[Claim, Refusal]:
    found = {claim: claim.refusal() for claim in claims}
    return {claim: refusal for claim, refusal in found.items() if refusal is not None}
