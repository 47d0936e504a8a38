"""What an operator does to a platform that is in use: a new version of each service."""
