"""The measuring code measures right; no test here asserts a time."""
