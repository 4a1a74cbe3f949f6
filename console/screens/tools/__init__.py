"""The Tools screen: chains, their health, and what operators do about it."""
