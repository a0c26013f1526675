"""What the world says is malicious. Each file here knows one foreign format or place."""
