"""What is made from playbooks beside running them: a pretended year of selling."""
