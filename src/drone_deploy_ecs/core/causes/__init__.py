"""Why a deployment fails: what is known of failures, and what evidence says of this one."""
