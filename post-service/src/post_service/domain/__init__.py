"""What a post is, and the rules of its parts."""
