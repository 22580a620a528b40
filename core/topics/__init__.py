"""What one page alone measures and draws: the page's name is the module's."""
