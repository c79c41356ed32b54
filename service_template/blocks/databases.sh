database <name> "$<NAME>_DATABASE_PASSWORD"
