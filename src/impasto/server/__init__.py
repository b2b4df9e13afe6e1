"""The studio's server: HTTP in front of the painter, for applications and for the page."""
