"""All tenants, for the platform's admins."""
