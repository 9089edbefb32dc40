"""Workflows: runs from their images to their results."""
