"""Who is on duty and free, the team leader's board, and handing a shift over."""
