"""Clients that are generated from the API's document, and programs that use them."""
