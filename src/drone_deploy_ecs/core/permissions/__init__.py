"""What AWS must allow: the table of features, and the policy of one request."""
