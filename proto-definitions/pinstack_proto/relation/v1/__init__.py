"""Who follows whom. Version 1."""
