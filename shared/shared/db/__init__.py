"""PostgreSQL: engine and sessions, naming conventions, migrations."""
