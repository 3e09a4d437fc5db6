"""What service events say of a deployment: one row a cause, as for tasks."""

from __future__ import annotations

from msgspec.structs import replace

from drone_deploy_ecs.core.causes.known import Known, Weight
from drone_deploy_ecs.core.causes.tasks import named

# Against service events. What an event quotes ("Reason: …", "(error …)") is matched against TASK_CAUSES before.
HOOK_FAILED = Known("hook-failed", Weight.TERMINAL, r"hook\(s\) failed.*(returned FAILED|parse the response)", "a lifecycle hook ended the deployment",
                    "Read the hook's Lambda log; it must return hookStatus", ("hook",))  # fmt: skip
PAUSE_TIMED_OUT = Known("pause-timed-out", Weight.TERMINAL, r"\bpause\b.{0,40}hook.{0,200}(timed? ?out|expired)", "nobody answered the PAUSE hook in time",
                        "Deploy again, and approve it in time; the hook's timeoutConfiguration says how long that is")  # fmt: skip
# No page has this wording: so it is wide, and undoes nothing by itself.
PAUSE_REJECTED = Known("pause-rejected", Weight.REPEATING, r"\bpause\b.{0,40}hook.{0,200}(answered|ROLLBACK|reject|declin|denied)", "somebody answered the PAUSE hook with ROLLBACK",
                       "Ask whoever that was: CloudTrail has it, as ContinueServiceDeployment")  # fmt: skip
NETWORK = Known("bluegreen-network", Weight.TERMINAL, r"invalid networking configuration.*(not found|does not exist|exactly one|targetGroup|listener ?rule|target group)",
                "the listener rules and target groups don't fit", "Put the rules and groups right that the message names", ("target group", "rule"))  # fmt: skip

EVENTS: tuple[Known, ...] = (
    named("account-blocked", r"account (is|was|has been) (currently )?(blocked|suspended)|are currently blocked"),
    named("host-port-taken", r"unable to place .*(already using a port|RESOURCE:PORTS)"),
    named("attribute-missing", r"unable to place .*(missing an attribute|ATTRIBUTE)"),
    named("placement-constraint", r"unable to place .*constraint|placement constraint .{0,20}violat"),
    named("network-interface", r"unable to place .*\bENI\b"),
    named("agent-disconnected", r"unable to place .*\bAGENT\b|agent connected\b|agent (is )?disconnected|waiting for Amazon ECS Agent to start"),
    named("no-instances", r"No Container Instances were found"),
    named("no-instance-fits", r"unable to place .*(insufficient|enough|RESOURCE:(CPU|MEMORY|GPU)|no container instance|closest matching)"),
    Known("provisioning-limit", Weight.TRANSIENT, r"tasks provisioning capacity limit", "too many tasks of the cluster wait for capacity",
          "Wait, or start fewer tasks at once; look why the capacity providers add no instances for them"),
    named("capacity", r"unable to place .*capacity|Capacity is unavailable|RESOURCE:FARGATE"),
    Known("not-placed", Weight.TRANSIENT, r"unable to place a (daemon )?task|could not launch \d+ tasks?", "a task can't be placed", "Read what the service's events say of placement; check capacity and placement constraints"),
    Known("tasks-protected", Weight.TRANSIENT, r"tasks? under protection|number of protected tasks", "old tasks are protected from being stopped",
          "Wait, or end their protection with `aws ecs update-task-protection`"),
    Known("stuck-by-percent", Weight.TRANSIENT, r"unable to stop or start tasks.*(deployment configuration|minimumHealthyPercent|maximumPercent)",
          "minimumHealthyPercent and maximumPercent leave no room to replace a task",
          "Raise maximumPercent or lower minimumHealthyPercent"),
    named("container-unhealthy", r"failed container health checks"),
    Known("target-zone", Weight.REPEATING, r"Availability Zone that is not enabled for the load balancer", "the task is in a zone that the load balancer doesn't serve",
          "Enable that zone on it, or take its subnet off the service"),
    named("target-unhealthy", r"failed (ELB|VPC Lattice) health checks|is unhealthy in .*(target|\belb )"),
    Known("elb-denied", Weight.REPEATING, r"not authorized to perform: \(?(elasticloadbalancing|vpc-lattice):|missing permissions on ECS Infrastructure Role",
          "ECS's role may not manage the load balancer",
          "Give it AmazonECSInfrastructureRolePolicyForLoadBalancers, and trust in ecs.amazonaws.com", ("action", "role")),
    Known("target-registration", Weight.REPEATING, r"failed to register (targets|instances)|TARGET (GROUP )?IS NOT FOUND|describe target health .{0,300}(not found|does not exist)", "targets couldn't be registered",
          "Check that the target group exists, its type and its VPC"),
    Known("discovery", Weight.TRANSIENT, r"(failed|unable) to (de)?register .*(service registr|service discovery|Cloud ?Map)|is unhealthy in .*(service[ -]registr|discovery)",
          "Cloud Map doesn't take or trust the task",  # unconfirmed: only the EventBridge name is documented
          "Check the Cloud Map service, its quotas, and servicediscovery:RegisterInstance"),
    named("permission-missing", r"IAM permissions policies have been misconfigured"),
    Known("service-role", Weight.REPEATING, r"IAM trust relationship has been misconfigured|service[- ]linked role", "ECS may not use a role: the service's or the task's",
          "Check that AWSServiceRoleForECS exists (`aws iam create-service-linked-role`), and what the service's and the task definition's roles trust"),
    Known("alarm", Weight.TERMINAL, r"deployment failed: alarm|because of (triggered )?alarm", "a deployment alarm went off", "Look at the alarm; it judged the new version"),
    Known("ecs-throttled", Weight.TRANSIENT, r"operations are being throttled", "ECS's own calls are being throttled", "Wait; start fewer tasks at once"),
    # IAM is eventually consistent: a new role works later. What a hook itself says is its verdict on this deployment.
    Known("hook-role", Weight.REPEATING, r"lifecycle hook\(s\) failed\.? .{0,400}(AccessDenied|unable to assume|not authorized)", "ECS may not use a role of the deployment",
          "Check its trust in ecs.amazonaws.com and its permissions", ("action", "role")),
    PAUSE_TIMED_OUT,
    PAUSE_REJECTED,
    HOOK_FAILED,
    # Where the message is cut off, or says something new, it isn't known whether the hook has judged.
    replace(HOOK_FAILED, name="hook-ended", weight=Weight.REPEATING, headline="a lifecycle hook failed, and ECS doesn't say how",
            advice="Read the hook's Lambda log; look whether ECS may call it, and whether it returned hookStatus in time", pattern=r"lifecycle hook\(s\) failed|hook execution failure"),
    NETWORK,
    replace(NETWORK, name="bluegreen-ended", weight=Weight.REPEATING, headline="ECS refuses the listener rules or target groups", pattern=r"invalid networking configuration"),
    # That it is over tells rolloutState, by which it is judged: what is evidence of the tasks' end is weighed here.
    Known("circuit-breaker", Weight.REPEATING, r"circuit breaker|deployment failed: tasks? failed to start", "ECS gave the deployment up: its tasks failed",
          "Read the stopped tasks' reasons"),
    Known("launch-failed", Weight.REPEATING, r"failed to launch a task|deployment failed: deployment failure|unable to consistently start tasks|tasks? failed to start",
          "ECS can't start tasks", "Read the stopped tasks' reasons"),
    # It doesn't say why the deployment failed: what does comes before it.
    Known("no-way-back", Weight.TRANSIENT, r"No rollback candidate was found", "ECS has no deployment to go back to",
          "Find out why this one failed: of this service none was completed before that ECS could return to"),
)  # fmt: skip
