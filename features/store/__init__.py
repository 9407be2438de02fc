"""Publications as they were published, never overwritten, and what one revised of another."""
