"""Saved views: naming a filter, sharing it, opening with it, and letting it go; every act is a row."""

from django.db import transaction

from budgets.actions import note
from budgets.models import Tenant
from console.models import DefaultView, SavedView, User

MOST_OWN = 20


class ViewRefused(ValueError):
    """A view that cannot be saved so; the message is fit to stand at the form."""


def save_view(
    *, tenant: Tenant, owner: User, name: str, query: str, order: str, shared: bool, view: SavedView | None = None
) -> SavedView:
    """A new view, or the one given with another name, filter or audience.

    Raises ViewRefused for a name that the person has given already, and for more views than anybody can tell apart.
    """
    with transaction.atomic():
        own = SavedView.objects.filter(tenant=tenant, owner=owner)
        others = own.exclude(pk=view.pk) if view else own
        if others.filter(name=name).exists():
            raise ViewRefused(f"You have a view “{name}” already.")
        if view is None and own.count() >= MOST_OWN:
            raise ViewRefused(f"You have {MOST_OWN} views; delete one first.")
        before = {} if view is None else _told(view)
        verb = "view.save" if view is None else "view.change"
        saved = view or SavedView(tenant=tenant, owner=owner)
        saved.name, saved.query, saved.order, saved.shared = name, query, order, shared
        saved.save()
        note(
            actor=owner.get_username(),
            verb=verb,
            target=f"view {name}",
            tenant=tenant,
            before=before,
            after=_told(saved),
        )
    return saved


def delete_view(*, view: SavedView, actor: User) -> None:
    """Gone for everybody who saw it."""
    with transaction.atomic():
        target, before, tenant = f"view {view.name}", _told(view), view.tenant
        view.delete()
        note(actor=actor.get_username(), verb="view.delete", target=target, tenant=tenant, before=before)


def open_with(*, tenant: Tenant, user: User, view: SavedView, wanted: bool) -> None:
    """Let a person's list open with this view, or with it no longer."""
    with transaction.atomic():
        standing = DefaultView.objects.filter(tenant=tenant, user=user)
        is_default = standing.filter(view=view).exists()
        if wanted == is_default:
            return
        standing.delete()
        if wanted:
            DefaultView.objects.create(tenant=tenant, user=user, view=view)
        note(
            actor=user.get_username(),
            verb="view.open_with",
            target=f"view {view.name}",
            tenant=tenant,
            after={"default": wanted},
        )


def _told(view: SavedView) -> dict[str, object]:
    return {"name": view.name, "filter": view.query, "order": view.order, "shared": view.shared}
