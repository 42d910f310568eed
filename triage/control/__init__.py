"""What a control room does about an incident besides grading it:
checks, advice, safeguarding, what the caller was told, officers sent, closing.
"""
