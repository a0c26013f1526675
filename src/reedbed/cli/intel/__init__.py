"""`reedbed intel …`: flow 1."""
