"""`python -m drone_deploy_ecs`."""

from drone_deploy_ecs.cli import run

run()
