"""The rules on who is asked: the list, one rule with what it would have asked for, and its place in the order."""

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from agents.approvals.past_calls import past_of
from agents.approvals.rule_edits import add_rule, edit_rule, move_rule, switch_rule
from agents.approvals.terms import rules_over
from agents.models import ApprovalRule, Tool
from console.access.policy import Verb
from console.access.requests import TenantRequest, in_tenant
from console.screens.approvals.rule_form import RuleForm, line_of
from console.screens.approvals.tables import RuleLine, RulesTable
from console.screens.frame import frame

FOR_ALL_TENANTS: Verb = "edit_tools"
"""A rule for all tenants is the platform's, as the tools are."""


@in_tenant("view")
def list_rules(request: TenantRequest) -> HttpResponse:
    """All that hold in the tenant, in the order in which they are asked."""
    rules = list(rules_over(request.tenant.pk))
    own = [rule.pk for rule in rules if rule.tenant_id]
    lines = [
        RuleLine(
            rule=rule,
            conditions=[line_of(each) for each in rule.conditions],
            may_edit=_may_edit(request, rule),
            is_first=rule.pk in own[:1],
            is_last=rule.pk in own[-1:],
        )
        for rule in rules
    ]
    context = {**frame(request, active="approvals"), "rules": RulesTable(lines)}
    return render(request, "approvals/rules.html", context)


@in_tenant("edit_rules", "GET", "HEAD", "POST")
def edit_one(request: TenantRequest, rule_id: int = 0) -> HttpResponse:
    """A new rule (without an id) or one that there is; with ``try`` only what it would have asked for."""
    rule = _rule(request, rule_id) if rule_id else None
    form = RuleForm(request.POST if request.method == "POST" else None, rule=rule)
    valid = request.method == "POST" and form.is_valid()
    if "try" in request.POST:
        past = past_of(form.judged, tenant=request.tenant, now=timezone.now()) if valid else None
        return render(request, "approvals/_past.html", {"past": past, "form": form})
    if valid and rule:
        edit_rule(rule=rule, text=form.text, actor=request.user.get_username())
        return redirect("approvals:rules", request.tenant.slug)
    if valid:
        add_rule(tenant=request.tenant, text=form.text, actor=request.user.get_username())
        return redirect("approvals:rules", request.tenant.slug)
    context = {
        **frame(request, active="approvals"),
        "form": form,
        "rule": rule,
        "tools": Tool.objects.order_by("name").values_list("name", flat=True),
    }
    return render(request, "approvals/rule.html", context, status=422 if request.method == "POST" else 200)


@in_tenant("edit_rules", "POST")
def move(request: TenantRequest, rule_id: int) -> HttpResponse:
    """One place up or down."""
    rule = _rule(request, rule_id)
    move_rule(rule=rule, up=request.POST.get("to") == "up", actor=request.user.get_username())
    return redirect("approvals:rules", request.tenant.slug)


@in_tenant("edit_rules", "POST")
def switch(request: TenantRequest, rule_id: int) -> HttpResponse:
    """On or off."""
    rule = _rule(request, rule_id)
    switch_rule(rule=rule, active=request.POST.get("active") == "1", actor=request.user.get_username())
    return redirect("approvals:rules", request.tenant.slug)


def _rule(request: TenantRequest, rule_id: int) -> ApprovalRule:
    reached = ApprovalRule.objects.filter(Q(tenant=request.tenant) | Q(tenant=None)).select_related("tenant")
    rule = get_object_or_404(reached, pk=rule_id)
    if not _may_edit(request, rule):
        raise PermissionDenied("This rule holds for all tenants; the platform edits it.")
    return rule


def _may_edit(request: TenantRequest, rule: ApprovalRule) -> bool:
    return (FOR_ALL_TENANTS if rule.tenant_id is None else "edit_rules") in request.verbs
