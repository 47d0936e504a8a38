"""Tests over a real gRPC channel."""
