"""Questions put to a network or a run; each works on a copy and changes nothing."""
