"""Config as code: the tenants, tiers, prices and agents of an installation as one YAML file."""
