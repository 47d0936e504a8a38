"""The technologies that the gateway is made of."""
