"""What operators see: settings, screens, live push, access and the API."""
