"""What is done about failure; pure decisions."""
