"""Tests that need nothing but the generated code."""
