"""One module per subject; `python -m load.run` finds every benchmark in them."""
