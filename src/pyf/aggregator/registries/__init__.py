"""What a registry says, as plain data: projects, releases, changes, feeds."""
