"""What a config may hold beyond its schema; a mistake is a ValueError that begins with the config's key."""
