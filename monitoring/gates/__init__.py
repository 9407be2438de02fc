"""What stops an approval, and one table of all that was checked."""
