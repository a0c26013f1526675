"""Asking the inventory: queries compiled to SQL, pages of what they find, and counts of it."""
