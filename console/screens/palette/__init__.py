"""The command palette: whatever a person may open or do, found by a few letters."""
