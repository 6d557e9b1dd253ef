"""A calendar month of outcomes, made of the days of an archive."""
