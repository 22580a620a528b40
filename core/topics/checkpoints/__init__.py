"""When to stop, what to keep, and how to go on after a training was killed."""
