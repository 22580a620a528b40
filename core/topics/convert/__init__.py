"""The same network for browsers, phones and small boards: files, runtimes, agreement, and what fits where."""
