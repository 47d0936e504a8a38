"""Rules without servers."""
