"""One route module a resource."""
