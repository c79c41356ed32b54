"""The board of reviewer campaigns gathered from partner sites."""
