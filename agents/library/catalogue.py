"""Which agents there are: the bundled four and the operator's own."""

from collections import Counter

from agents.contracts.specs import AgentSpec
from agents.library.content.agent import AGENT as CONTENT
from agents.library.documents.agent import AGENT as DOCUMENTS
from agents.library.own import VARIABLE, LibraryError, own_agents
from agents.library.search.agent import AGENT as SEARCH
from agents.library.support.agent import AGENT as SUPPORT


def bundled() -> tuple[AgentSpec, ...]:
    """Every agent, the bundled ones first. Raises LibraryError when two have one name."""
    agents = (SUPPORT, DOCUMENTS, CONTENT, SEARCH, *own_agents())
    names = Counter(agent.name for agent in agents)
    twice = sorted(name for name, count in names.items() if count > 1)
    if twice:
        raise LibraryError(f"{VARIABLE}: more than one agent is called {', '.join(twice)}; give each a name of its own")
    return agents
