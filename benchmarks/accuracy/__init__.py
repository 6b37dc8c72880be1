"""Accuracy on published protocols and what each part is worth."""
