"""The edge: HTTP, who is asking, limits, errors. No commerce rules."""
