"""Flow 1: what feeds say is malicious becomes custom issues in Xray, and is proved to block."""
