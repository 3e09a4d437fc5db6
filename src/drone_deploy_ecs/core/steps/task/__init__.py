"""A one-off task: from RunTask to its exit code, with its log; and its end where it goes no further."""
