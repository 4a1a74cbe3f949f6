"""Who pays: tenants, surfaces, tiers, prices and the ledger."""
