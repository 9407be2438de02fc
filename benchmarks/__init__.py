"""Benchmarks on the real data: leaderboards with skill, noise floors, seconds and memory, from one run each."""
