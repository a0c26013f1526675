"""JFrog's answers as records: joined, redacted, landed."""
