"""The limits of a tenant, its surfaces and its users: what holds, who said so, and how to change it."""
