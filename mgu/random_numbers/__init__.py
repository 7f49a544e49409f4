"""Random numbers that are drawn without a generator of one's own: seeding them, and drawing without a trace."""
