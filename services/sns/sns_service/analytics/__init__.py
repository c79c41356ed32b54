"""What became of posts at their networks: counts and engagement."""
