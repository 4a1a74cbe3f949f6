"""Who is in a tenant, in which role; its admins add, change and remove."""
