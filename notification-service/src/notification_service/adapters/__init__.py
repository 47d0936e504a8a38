"""The technology behind the ports and in front of the use cases."""
