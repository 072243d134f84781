"""What is true of light and optics: pure physics, no control system."""
