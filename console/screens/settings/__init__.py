"""Settings of the person who looks: display, start page, password, sessions, tokens."""
