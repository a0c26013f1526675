"""The query language over assets and findings: from text to a typed tree, and its help. Pure."""
