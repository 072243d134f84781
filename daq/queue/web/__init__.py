"""The queue over HTTP: bluesky-httpserver on loopback, for users that log in."""
