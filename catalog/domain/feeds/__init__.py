"""What those who copy the catalog read: pages of its event log and of the catalog itself."""
