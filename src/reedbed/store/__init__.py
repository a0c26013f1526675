"""The database: every table, and all the SQL that there is."""
