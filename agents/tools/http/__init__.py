"""Tools that are HTTP endpoints: where they may connect, how arguments become a request, what an answer may be."""
