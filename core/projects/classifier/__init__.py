"""A classifier of the learner's own: few pictures of each class, features of a network that has seen many."""
