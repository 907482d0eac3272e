"""What the maintainers' generator of vocabularies is made of; the product never imports it."""
