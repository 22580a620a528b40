"""Definitions copied out of the modules that hold them, so that a program stands alone.

``sources`` takes modules apart, ``known`` says which tests are decided, ``pruning`` cuts what cannot run, ``bundle``
gathers what is needed and puts it in order, ``calls`` writes down how a thing was made.
"""
