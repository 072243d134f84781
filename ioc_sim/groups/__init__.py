"""Groups of channels that physics couples, one kind of device a file."""
