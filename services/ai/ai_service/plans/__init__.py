"""Plans of ai-automation, and what of them a user has used."""
