"""Descriptions in the formats that people have already, read into the catalog's own words."""
