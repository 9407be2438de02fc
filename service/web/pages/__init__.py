"""The page: HTML, style and scripts, served from this package and from nowhere else."""
