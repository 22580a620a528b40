"""What the hub answers besides its pages, all under one base path: files that browsers keep, services for programs; and
files that strangers send."""
