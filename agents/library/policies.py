"""The rehearsal policies by agent name: the bundled ones and those of the operator's own module."""

from agents.library.content.policy import content_policy
from agents.library.documents.policy import documents_policy
from agents.library.own import own_policies
from agents.library.search.policy import search_policy
from agents.library.support.policy import support_policy
from agents.llms.policy import Policy

POLICIES: dict[str, Policy] = {
    "support-triage": support_policy,
    "document-analysis": documents_policy,
    "content-generation": content_policy,
    "search": search_policy,
    **own_policies(),
}
