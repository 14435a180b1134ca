"""The condition language: text to tree, types, closures.

The tree is stored with a published definition; compiling it needs no parser.
"""
