"""The nouns that every floor shares: a cluster of pools and tiers, a plan, a job and its goal."""
