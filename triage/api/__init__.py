"""Other systems' way in and out: incidents in, grade, response and closure out."""
