"""Commands that look at the inventory: lists by a query, one finding, one image, and the language itself."""
