-- The catalogue's database; as a superuser: psql -v password="'…'" -f postgresql.sql
CREATE ROLE terasu LOGIN PASSWORD :password;
CREATE DATABASE terasu OWNER terasu;
