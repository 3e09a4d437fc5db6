# What programs may import. At run time __init__.py looks these names up in api.py when they are first asked for.
from drone_deploy_ecs.api import Event as Event
from drone_deploy_ecs.api import ExitCode as ExitCode
from drone_deploy_ecs.api import Refused as Refused
from drone_deploy_ecs.api import Report as Report
from drone_deploy_ecs.api import Request as Request
from drone_deploy_ecs.api import Verdict as Verdict
from drone_deploy_ecs.api import deploy as deploy
from drone_deploy_ecs.api import request as request

__all__ = ["Event", "ExitCode", "Refused", "Report", "Request", "Verdict", "deploy", "request"]
__version__: str
