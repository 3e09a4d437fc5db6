"""`python -m drone_deploy_ecs`."""

from drone_deploy_ecs.cli.main import run

run()
