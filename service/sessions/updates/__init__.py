"""What a request makes of a session: new steps, late and corrected ones, and what the store will hold of it."""
