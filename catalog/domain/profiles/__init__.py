"""An item as other application profiles of DCAT want it: DCAT-AP 3.0.1 and MLDCAT-AP 3.1.0."""
