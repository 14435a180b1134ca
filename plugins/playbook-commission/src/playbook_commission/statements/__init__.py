"""Statements: from what a person is credited with in a period to what they are paid."""
