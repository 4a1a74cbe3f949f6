"""What the rehearsal policies share: reading a conversation, choosing sentences, mending a draft."""
