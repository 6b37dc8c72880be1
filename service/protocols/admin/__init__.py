"""Health, models, sessions, the page and the documents."""
