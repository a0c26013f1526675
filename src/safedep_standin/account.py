"""The one customer that the stand-in knows. Its secrets are public by design."""

TENANT = "acme.safedep.example"
KEY = "sfd_0123456789canary"  # what the feed takes, and what the control plane makes
CLIENT_ID = "a-program-that-may-log-in"
