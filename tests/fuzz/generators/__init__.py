"""What is sent, by chance and by structure."""
