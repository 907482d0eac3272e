"""How the lists that others publish are brought up to date here; the product never imports it."""
