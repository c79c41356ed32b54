"""The web apps that bootcamp students build."""
