"""`make new-service NAME=loyalty`: a service from the template, and its entry wherever the services are listed."""
