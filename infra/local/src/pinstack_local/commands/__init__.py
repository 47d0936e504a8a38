"""The subcommands of `python -m pinstack_local`."""
