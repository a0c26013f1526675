"""The event service of the stand-in: subscriptions, and webhooks that are called as files come and go."""
