"""One folder per screen, each with its urls, views, forms, tables and selectors."""
