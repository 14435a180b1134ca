"""The values everything else is about: playbooks, cases, commands, events, the organization."""
