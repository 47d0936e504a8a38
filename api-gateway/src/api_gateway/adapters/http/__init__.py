"""REST: routes, schemas, and the edge that every request passes."""
