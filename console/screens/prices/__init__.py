"""What each LLM and tool costs: the prices that hold, their history, and new ones."""
