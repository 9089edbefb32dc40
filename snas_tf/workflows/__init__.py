"""What a user asks for: each run from its images to its last file."""
