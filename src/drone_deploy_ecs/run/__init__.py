"""Running a deployment: the flow from request to report, the only loop, and the calls to AWS."""
