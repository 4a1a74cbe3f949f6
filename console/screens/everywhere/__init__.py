"""All tenants of a person side by side, the most urgent first."""
