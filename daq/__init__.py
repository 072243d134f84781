"""Engine, journal, catalogue, exports and the command line."""
