"""The real ECS: the only importer of botocore."""
