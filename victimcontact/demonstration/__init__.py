"""A believable force for trying the house out. Everybody in it is invented.

Built through the same services as real work, so that every rule, ledger entry and text is real.
"""
