"""An areaDetector over Channel Access: a camera and its plugins, under the names and types of ADCore."""
