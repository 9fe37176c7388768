"""Files for programs: tables, courses, twins, and a summary by a versioned contract."""
