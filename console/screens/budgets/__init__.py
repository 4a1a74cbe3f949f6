"""What every tenant, surface, user, session and run spends, holds and may still spend."""
