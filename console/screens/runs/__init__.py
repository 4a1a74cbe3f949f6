"""The runs of a tenant, live."""
