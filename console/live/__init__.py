"""The live feed: what changes on open pages, pushed from rows."""
