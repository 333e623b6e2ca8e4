"""What is installed on this machine, and what that prevents."""
