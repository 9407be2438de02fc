"""One adapter a file format: each turns a published file into counts with what they cover and what was set aside."""
