#!/bin/sh
# Run by the image of PostgreSQL when its folder is empty: a role and a database for each service.
set -eu

database() {
	psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
		--set name="$1" --set secret="$2" <<-'SQL'
			CREATE ROLE :"name" LOGIN PASSWORD :'secret';
			CREATE DATABASE :"name" OWNER :"name";
			REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
		SQL
}

database user_service "$USER_DATABASE_PASSWORD"
database auth_service "$AUTH_DATABASE_PASSWORD"
database post_service "$POST_DATABASE_PASSWORD"
database relation_service "$RELATION_DATABASE_PASSWORD"
database notification_service "$NOTIFICATION_DATABASE_PASSWORD"
