"""What people do on the platform, and what they see."""
