"""OpenAPI documents as tools: what a document offers, and an HTTP tool for each operation that somebody chooses."""
