#!/bin/sh
# A database and a role for each service, closed to the others'. May be repeated; a changed password is taken over.
# The server is where PGHOST, PGUSER and PGPASSWORD say; each service's password is <SERVICE>_DATABASE_PASSWORD.
set -eu

database() { # NAME PASSWORD EXTENSION...
    name=$1 password=$2
    shift 2
    psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=postgres --set=name="$name" --set=password="$password" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', :'name')
 WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
 WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
SQL
    for extension in "$@"; do
        psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --dbname="$name" --command="CREATE EXTENSION IF NOT EXISTS $extension"
    done
    echo "database $name: ready"
}

database platform "$PLATFORM_DATABASE_PASSWORD" citext
database coocook "$COOCOOK_DATABASE_PASSWORD" citext btree_gist pg_trgm
database sns "$SNS_DATABASE_PASSWORD"
database review "$REVIEW_DATABASE_PASSWORD"
database ai "$AI_DATABASE_PASSWORD"

# Who may read the server's statistics and no service's data: postgres-exporter.
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=postgres --set=password="$MONITORING_DATABASE_PASSWORD" <<'SQL'
SELECT 'CREATE ROLE monitoring LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE'
 WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'monitoring') \gexec
ALTER ROLE monitoring PASSWORD :'password';
GRANT pg_monitor TO monitoring;
GRANT CONNECT ON DATABASE postgres TO monitoring;
SQL
echo "role monitoring: ready"
