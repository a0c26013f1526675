"""What leaves: the rows that a query asks for, and what webhooks are told."""
