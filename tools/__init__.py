"""What helps to develop srcad and is no part of it."""
