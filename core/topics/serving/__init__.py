"""One network behind many servers: requests looked into, queues and batches, folders and archives to take away."""
