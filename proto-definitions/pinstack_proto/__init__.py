"""The contracts: RPCs and events, and the code generated from them."""
