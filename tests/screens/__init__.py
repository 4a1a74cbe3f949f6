"""Pictures of every screen, taken from a running stack with runs of the real agents."""
