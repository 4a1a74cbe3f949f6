"""Sign in and out: by password, or once by a link."""
