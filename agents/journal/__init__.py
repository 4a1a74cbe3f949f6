"""What the recorder writes and how: the JSON gate, locked rows, pure decisions, bulk statements."""
