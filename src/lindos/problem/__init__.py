"""The problem that every floor solves: a cluster of pools and tiers, a plan, a job and its goal."""
