"""Crawls: fetching the partner sites, and what came of it."""
