"""The reference client of the live channel: somebody's notifications, over every break."""
