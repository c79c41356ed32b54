"""Social accounts that users have linked, with the credentials to publish by."""
