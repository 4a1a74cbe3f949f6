"""Tools of MCP servers: found, accepted by a person, called over one session a server and worker process."""
