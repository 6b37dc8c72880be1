"""Of sessions: what they come to, cost and hold through long histories, many steps and great numbers."""
