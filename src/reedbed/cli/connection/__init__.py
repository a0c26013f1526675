"""`reedbed connection …`: what is read of a platform, when, and with which token."""
