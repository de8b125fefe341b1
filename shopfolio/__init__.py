"""A digital résumé with a shop in it."""
