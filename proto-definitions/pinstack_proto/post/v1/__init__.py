"""Posts. Version 1."""
