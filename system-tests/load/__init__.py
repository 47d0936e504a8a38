"""Benchmarks of the whole platform, and what measures them."""
