"""The chassis: everything that two services would both write."""
