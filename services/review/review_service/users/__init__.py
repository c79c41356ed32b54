"""The copy of platform's users: names and e-mails of applicants."""
