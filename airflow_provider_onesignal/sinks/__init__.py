"""Where a file can go: one thin sink a cloud, each storing all or nothing."""
