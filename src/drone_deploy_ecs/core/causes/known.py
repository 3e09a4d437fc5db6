"""What is known about failures: one row a cause, with the wordings that tell it.

`TASK_CAUSES` is matched against what ECS says of a stopped task, `FALLBACK_CAUSES` where that says too little, and
`EVENTS` against service events; in each the first row that matches wins. Wordings are matched by their stable part,
since AWS revises them: most have an old form (the engine's own error) and a new one since 2024 (a sentence before it).

TERMINAL rows are tight, since such a match undoes a deployment: what could pass by itself, or could mean two things, is
REPEATING or TRANSIENT and stands above them. Sources: the troubleshooting pages of the ECS developer guide, the source
of amazon-ecs-agent, and messages that people published. `unconfirmed` marks a wording that none of these shows.
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace


class Weight(Enum):
    """What one occurrence proves about the deployment, heaviest first."""

    TERMINAL = "terminal"
    """It can't succeed: waiting is pointless."""
    REPEATING = "repeating"
    """Bad luck once; when the replacement does so too, it can't succeed."""
    TRANSIENT = "transient"
    """May pass by itself: tolerated until the budget ends."""
    NOT_EVIDENCE = "not evidence"
    """Says nothing about the new version (scaling in, a user's stop)."""


class Known(Struct, frozen=True):
    """One cause we can recognise: a name for machines, a headline for people, and advice.

    The pattern is compiled when it is first needed: most runs fail for nothing, and start-up is paid in every pipeline.
    """

    name: str
    weight: Weight
    pattern: str
    headline: str
    advice: str

    def tells(self, text: str) -> bool:
        """Whether this text says so."""
        return bool(re.search(self.pattern, text, re.IGNORECASE | re.DOTALL))


# Against `stop code: stopped reason`, then against the reason of the container that brought the task down.
TASK_CAUSES: tuple[Known, ...] = (
    # Who stopped it, and what happened below it.
    Known("scaling", Weight.NOT_EVIDENCE, r"Scaling activity initiated by", "stopped by scaling or by a newer deployment",
          "Nothing to do: ECS replaces or removes tasks this way"),
    Known("rebalancing", Weight.NOT_EVIDENCE, r"(AZ|Availability ?Zones?) ?rebalanc",  # unconfirmed: only the event is documented
          "stopped to balance Availability Zones", "Nothing to do: ECS moves the task to another zone"),
    Known("host-gone", Weight.TRANSIENT, r"Host EC2 ?\(|container instance is in DRAINING|instance .{0,80}was (stopped|terminated)"
          r"|^InfrastructureHealth:|TaskFailedToStart: AGENT\b|agent (is )?disconnected",  # ^InfrastructureHealth: unconfirmed
          "the task's host went away", "Wait for the replacement; look at the Auto Scaling group if hosts keep going"),
    Known("spot", Weight.TRANSIENT, r"^SpotInterruption:|Spot Task was interrupted|Spot (Instance )?interruption",
          "Spot capacity was taken back", "Wait for the replacement, or give the strategy a base of on-demand capacity"),
    Known("maintenance", Weight.TRANSIENT, r"^TerminationNotice:|performing maintenance on the underlying infrastructure|task retirement",
          "AWS retired the host or the platform version", "Wait for the replacement; nothing is wrong with the task"),
    Known("stopped-by-user", Weight.NOT_EVIDENCE, r"^UserInitiated:|Task stopped by (a )?user", "stopped by somebody",
          "Look in CloudTrail for ecs:StopTask if nobody remembers"),
    # Room for it: EC2 and Fargate capacity, network interfaces, volumes.
    # TRANSIENT, though only AWS lifts a block and no run may live to see it: it says nothing about the new version, and
    # an early verdict would take that back while no task can be started, of either revision.
    Known("account-blocked", Weight.TRANSIENT, r"account (is|was) (currently )?blocked",  # in ECS's own events unconfirmed
          "AWS has blocked the account", "Answer AWS's open case in the Support Center, or look at the account's billing: only AWS lifts it"),
    Known("capacity-refused", Weight.REPEATING, r"Unable to launch instance.{0,200}(UnauthorizedOperation|not authorized)",
          "the capacity provider may not launch instances",
          "Give its infrastructure role the ec2: action in the message, and iam:PassRole on the instance profile's role"),
    Known("capacity", Weight.TRANSIENT, r"Capacity is unavailable|RESOURCE:FARGATE|Unable to launch instance|insufficient ?(instance ?)?capacity"
          r"|UnfulfillableCapacity|(VcpuLimit|SpotInstanceCount)Exceeded", "AWS has no capacity for the task now",
          "Retry, use subnets in more Availability Zones, or add another capacity provider"),
    Known("quota", Weight.TRANSIENT, r"reached the limit on the number of (tasks|vCPUs)|configuration is above your limit", "an account quota is used up",
          "Raise the Fargate vCPU quota in Service Quotas, or stop what isn't needed"),
    Known("incompatible-capacity", Weight.TERMINAL, r"task definition is not compatible with the selected compute strategy",
          "the task definition can't run on the service's capacity",
          "Add its launch type to requiresCompatibilities, or give the service a capacity provider that fits"),
    Known("host-port-taken", Weight.TRANSIENT, r"port is already allocated|already using a port|RESOURCE:PORTS|bind: address already in use",
          "no instance has the task's host port free", "Set hostPort 0, use awsvpc, or lower minimumHealthyPercent"),
    Known("attribute-missing", Weight.TRANSIENT, r"missing an attribute|RESOURCE:ATTRIBUTE|^TaskFailedToStart: ATTRIBUTE",
          "no container instance has an attribute that the task needs",  # an Auto Scaling group may bring one that has
          "Compare the task definition's requiresAttributes with `aws ecs describe-container-instances`"),
    Known("placement-constraint", Weight.TRANSIENT, r"(MemberOf|distinctInstance).{0,40}constraint|placement constraint",
          "no container instance satisfies a placement constraint", "Check placementConstraints of service and task definition"),
    Known("network-interface-refused", Weight.REPEATING, r"network interface.{0,200}"
          r"(TagPolicyViolation|UnauthorizedOperation|InvalidSecurityGroup|InvalidSubnet|SecurityGroupLimit)",
          "EC2 refuses the task's network interface", "Check the service's subnets and security groups, and tag policies"),
    Known("network-interface", Weight.TRANSIENT, r"network interface|(configure|setup regular) ENI\b|RESOURCE:ENI|InsufficientFreeAddresses",
          "the task's network interface couldn't be provided",
          "Check free IP addresses in the subnets; on EC2 the instance type's ENI limit (account setting awsvpcTrunking)"),
    Known("no-instance-fits", Weight.TRANSIENT, r"RESOURCE:(CPU|MEMORY|GPU)|has insufficient (CPU|memory|GPU)|enough (CPU|memory|GPU)",
          "no container instance has room for a task",
          "Add instances, lower the task's cpu or memory, or lower minimumHealthyPercent so that an old task goes first"),
    Known("volume-refused", Weight.REPEATING, r"EFS utils.{0,500}(access denied|AccessDenied|not authorized|No such file or directory)"
          r"|(EBS|volume).{0,200}(UnauthorizedOperation|AccessDenied|not authorized)",
          "a volume refuses the task",
          "Check that the root directory exists, and elasticfilesystem:ClientMount on the task role or the infrastructure role"),
    Known("volume", Weight.TRANSIENT, r"EFS utils|CannotCreateVolume|(EBS|volume) attach|waiting for (EphemeralStorage|EBS)",
          "a volume couldn't be attached or mounted",
          "Check mount targets in the task's zones, port 2049 between the security groups, and the EBS infrastructure role"),
    # The way to AWS and to the registry. A role, secret or log group can't be judged where there was no connection.
    Known("registry-throttled", Weight.TRANSIENT, r"CannotPull.*(toomanyrequests|Too Many Requests|pull rate limit|rate exceeded|ThrottlingException)",
          "the registry throttled the pull", "Retry later, log in to the registry, or use an ECR pull-through cache"),
    Known("aws-throttled", Weight.TRANSIENT, r"ThrottlingException|Rate (limit )?exceeded|RequestLimitExceeded",
          "AWS throttled a call that starts the task", "Retry later, or start fewer tasks at once"),
    Known("no-connection", Weight.TRANSIENT, r"(CannotPull|ResourceInitializationError|pull secrets|registry auth|Fetching secret|env files|The task can).*"
          r"(connection issue|network configuration|i/o timeout|timed out|deadline exceeded|request cancell?ed|RequestCancell?ed"
          r"|context cancell?ed|signal: killed|dial tcp|no such host|connection re(fused|set)|TLS handshake|network is unreachable"
          r"|request send failed|send request failed|nil pointer dereference|Client\.Timeout)",
          "no connection to the registry or to AWS's APIs",
          "Check the subnets' route (NAT, assignPublicIp or VPC endpoints incl. S3), security groups for 443, and DNS"),
    Known("registry-unavailable", Weight.TRANSIENT, r"CannotPull.*(unexpected (HTTP )?status.{0,500}\b5\d\d\b|Service Unavailable|Internal Server Error"
          r"|Bad Gateway|unexpected EOF|: EOF$|short read|authorization token has expired)",
          "the registry had a fault of its own", "Retry; look at the registry's status page"),
    # The image.
    Known("wrong-platform", Weight.TERMINAL, r"no matching manifest for|no match for platform in manifest|descriptor matching platform"
          r"|was found but .{0,60}does not match the specified platform",  # the last one unconfirmed on ECS
          "the image has no variant for the task's platform",
          "Build it with `docker buildx build --platform` for runtimePlatform.cpuArchitecture, or change that"),
    Known("image-too-big", Weight.REPEATING, r"CannotPull.*no space left on device", "no disk space for the image",
          "Raise ephemeralStorage, free the instance's disk, or make the image smaller"),
    Known("layer-download", Weight.REPEATING, r"CannotPull.*(httpReaderSeeker|failed to copy|(extract|unpack|register) layer|pulling image conf)",
          "the image's layers couldn't be downloaded",
          "Let the S3 endpoint's policy allow s3:GetObject on prod-REGION-starport-layer-bucket; push the image again"),
    Known("image-name-invalid", Weight.TERMINAL, r"CannotPull.*invalid reference format", "the image's name isn't valid", "Correct the image setting"),
    Known("image-not-found", Weight.TERMINAL, r"CannotPull.*(failed to resolve ref.*: not found|manifest (for .*)?(unknown|not found)|name unknown"
          r"|no such image|requested image not found|(Image|Repository)NotFound|Check whether the image exists|repository .* not found)",
          "the image isn't in the registry", "Check that the image was pushed, its tag, and the registry's region"),
    Known("image-not-allowed", Weight.TERMINAL, r"CannotPull.*(pull access denied|requested access to the resource is denied|no basic auth credentials"
          r"|insufficient_scope|not authorized to perform: ecr:|permissions to pull images|401 Unauthorized|403 Forbidden)",
          "the registry refused the pull, or doesn't know the repository",
          "Allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the execution role, check the repository's policy or repositoryCredentials"),
    # What is fetched for it: secrets, logs, environment files, roles.
    Known("registry-auth-denied", Weight.TERMINAL, r"(retrieve ecr registry auth|GetAuthorizationToken).*(AccessDenied|not authorized)",
          "the execution role may not log in to ECR", "Allow ecr:GetAuthorizationToken on the execution role"),
    Known("role-refused", Weight.REPEATING, r"unable to (be )?assumed?\b|AssumeRole.{0,300}(AccessDenied|not authorized)|execution role credentials",
          "ECS may not use the task's or the execution role",  # REPEATING: IAM is eventually consistent, a new role works later
          "Check that the role exists and that its trust policy names ecs-tasks.amazonaws.com"),
    Known("secret-key-missing", Weight.TERMINAL, r"did not contain json key", "a secret lacks a JSON key that the task definition names",
          "Add the key to the secret, or correct valueFrom's `:key::` part"),
    Known("secret-denied", Weight.TERMINAL, r"not authorized to perform: (secretsmanager|ssm|kms):|Access to KMS is not allowed"
          r"|(retrieve secret|secret data from|SSM Parameter Store).*AccessDenied", "the execution role may not read a secret",
          "Allow secretsmanager:GetSecretValue or ssm:GetParameters (and kms:Decrypt) on the execution role"),
    Known("secret-missing", Weight.TERMINAL, r"can.{1,3}t find the specified secret|Check whether the secret exists|invalid (ssm )?parameters: "
          r"|(secret|ssm).*(ParameterNotFound|marked for deletion|ResourceNotFoundException)|invalid ARN format for the .*secret",
          "a secret or parameter of the task definition isn't there",
          "Check each `secrets` entry's name, region and version, and that it isn't scheduled for deletion"),
    Known("log-group-missing", Weight.TERMINAL, r"log group does not exist|cannot find the Amazon CloudWatch log group",
          "the container's log group doesn't exist",
          "Create the log group, or set awslogs-create-group with logs:CreateLogGroup on the execution role"),
    Known("log-denied", Weight.TERMINAL, r"not authorized to perform: logs:", "the task may not write its log",
          "Allow logs:CreateLogStream and logs:PutLogEvents on the execution role (on EC2: the instance role)"),
    Known("log-options", Weight.TERMINAL, r"awslogs-(region|group) is required|unknown log opt", "the log driver's options aren't valid",
          "Correct logConfiguration.options"),
    Known("logging-failed", Weight.REPEATING, r"logger args|logging driver|create Cloudwatch log", "the log driver couldn't be started",
          "Check logConfiguration, and that a log router container starts first (dependsOn)"),
    Known("env-file", Weight.TERMINAL, r"env files.*(\b40[34]\b|Forbidden|AccessDenied|NoSuchKey|not ?found)", "an environment file couldn't be fetched",
          "Check environmentFiles' ARN, and s3:GetObject and s3:GetBucketLocation on the execution role"),
    # Its start and its end.
    Known("exec-format", Weight.TERMINAL, r"exec format error", "the image is for another CPU architecture",
          "Build the image for runtimePlatform.cpuArchitecture; a start script needs its `#!` line"),
    Known("command-not-found", Weight.TERMINAL, r"exec: .{0,300}(executable file not found|no such file or directory)",
          "the container's command isn't in the image", "Check command, entryPoint and the image's PATH"),
    Known("command-not-executable", Weight.TERMINAL, r"exec: .{0,300}permission denied", "the container's command may not be executed",
          "Set its executable bit in the image, or change command"),
    Known("user-missing", Weight.TERMINAL, r"unable to find (user|group) .*no matching entries", "the container's user isn't in the image",
          "Create it in the image, or set `user` to a number"),
    Known("dependency", Weight.REPEATING, r"container ordering dependency|TaskDependencyError|dependency .{0,80}(timed out|never start)",
          "a container that another depends on didn't get where it should",
          "Read that container's log; raise its startTimeout, or relax dependsOn's condition"),  # Fargate's wording unconfirmed
    Known("start-timeout", Weight.TRANSIENT, r"Could not transition to \w+; timed out|ContainerRuntimeTimeout|DockerTimeout",
          "the container engine was too slow", "Retry; on EC2 look at the instance's disk and CPU credits"),
    Known("out-of-memory", Weight.REPEATING, r"OutOfMemory|out of memory|due to memory usage|OOMKilled", "the container ran out of memory",
          "Raise the container's memory limit, or find what takes it"),
    Known("disk-full", Weight.REPEATING, r"no space left on device", "no disk space left", "Raise ephemeralStorage, or free the instance's disk"),
    Known("target-unhealthy", Weight.REPEATING, r"failed (ELB|VPC Lattice) health checks", "the load balancer found the task unhealthy",  # Lattice unconfirmed
          "Check the target group's path, port and codes, the security groups, and healthCheckGracePeriodSeconds against the start-up time"),
    Known("container-unhealthy", Weight.REPEATING, r"failed container health checks", "the container's health check failed",
          "Run the healthCheck command in the image; raise startPeriod if it starts slowly"),
    Known("aws-fault", Weight.TRANSIENT, r"\bInternal ?error\b|Unexpected EC2 error|ServerException", "AWS had a fault of its own", "Retry later"),
)  # fmt: skip

# Where nothing in TASK_CAUSES matched.
FALLBACK_CAUSES: tuple[Known, ...] = (
    Known("pull-failed", Weight.REPEATING, r"CannotPull", "the image couldn't be pulled", "Check the image's name, the registry and the route to it"),
    Known("init-failed", Weight.REPEATING, r"ResourceInitializationError|Cannot(Create|Start)Container|ContainerRuntimeError",
          "the task couldn't be set up", "Read the reason; check the task definition's secrets, logs, volumes and command"),
    Known("not-started", Weight.TRANSIENT, r"^TaskFailedToStart:", "the task couldn't be started", "Read the reason: it is none that we know"),
    Known("stopped-by-ecs", Weight.TRANSIENT, r"^ServiceSchedulerInitiated:", "ECS stopped the task", "Read the reason: it is none that we know"),
)  # fmt: skip


def _named(name: str, pattern: str = "") -> Known:
    """A cause that shows in another way, too."""
    return replace(next(row for row in TASK_CAUSES if row.name == name), pattern=pattern)


ENDED = Known("ended", Weight.REPEATING, "", "the container ended by itself, without an error",
              "Keep its main program in the foreground: a service's essential container must not end")  # fmt: skip
EXITED = Known("exited", Weight.REPEATING, "", "the container exited by itself",
               "Read the container's log; run the image with the same environment")  # fmt: skip
# By exit code, when no reason said more. Source: shell convention 126 and 127; 128 + n for signal n.
EXIT_CODE_CAUSES: dict[int, Known] = {
    0: ENDED,
    126: _named("command-not-executable"),
    127: _named("command-not-found"),
    134: Known("aborted", Weight.REPEATING, "", "the container aborted (SIGABRT)", "Read the last lines of its log: an assertion or the allocator gave up"),
    137: Known("killed", Weight.REPEATING, "", "the container was killed (SIGKILL: often out of memory)",
               "Compare its memory limit with what it takes; look at its stop time-out"),
    139: Known("segfault", Weight.REPEATING, "", "the container crashed (SIGSEGV)", "Look for a native library of another platform"),
    143: Known("terminated", Weight.REPEATING, "", "the container was told to end (SIGTERM)", "Look for what stopped it: another container, or its own supervisor"),
}  # fmt: skip
# TRANSIENT: where nothing is said, nothing is proven.
UNEXPLAINED = Known("unexplained", Weight.TRANSIENT, "", "a task stopped, and ECS doesn't say why",
                    "Look at the task in the ECS console within the hour")  # fmt: skip

# Against service events. What an event quotes ("Reason: …", "(error …)") is matched against TASK_CAUSES before.
EVENTS: tuple[Known, ...] = (
    _named("host-port-taken", r"unable to place .*(already using a port|RESOURCE:PORTS)"),
    _named("attribute-missing", r"unable to place .*(missing an attribute|ATTRIBUTE)"),
    _named("placement-constraint", r"unable to place .*constraint"),
    _named("network-interface", r"unable to place .*\bENI\b"),
    _named("host-gone", r"unable to place .*\bAGENT\b|waiting for Amazon ECS Agent to start"),
    Known("no-instances", Weight.TRANSIENT, r"No Container Instances were found", "the cluster has no container instance",
          "Register instances, or give the service a capacity provider"),
    _named("no-instance-fits", r"unable to place .*(insufficient|enough|RESOURCE:(CPU|MEMORY|GPU)|no container instance|closest matching)"),
        _named("capacity", r"unable to place .*capacity|Capacity is unavailable|RESOURCE:FARGATE"),
    Known("not-placed", Weight.TRANSIENT, r"unable to place a (daemon )?task", "a task can't be placed", "Read the event; check capacity and placement constraints"),
    Known("tasks-protected", Weight.TRANSIENT, r"tasks? under protection|number of protected tasks", "old tasks are protected from being stopped",
          "Wait, or end their protection with `aws ecs update-task-protection`"),
    Known("stuck-by-percent", Weight.TRANSIENT, r"unable to stop or start tasks.*(deployment configuration|minimumHealthyPercent|maximumPercent)",
          "minimumHealthyPercent and maximumPercent leave no room to replace a task",
          "Raise maximumPercent or lower minimumHealthyPercent"),
    _named("target-unhealthy", r"is unhealthy in .*(target|\(elb )"),
    Known("target-registration", Weight.REPEATING, r"failed to register targets|TARGET (GROUP )?IS NOT FOUND", "targets couldn't be registered",
          "Check that the target group exists, its type and its VPC"),
    Known("discovery", Weight.TRANSIENT, r"(failed|unable) to (de)?register .*(service registr|service discovery|Cloud ?Map)|is unhealthy in .*(service registr|discovery)",
          "Cloud Map doesn't take or trust the task",  # unconfirmed: only the EventBridge name is documented
          "Check the Cloud Map service, its quotas, and servicediscovery:RegisterInstance"),
    _named("role-refused", r"IAM (permissions policies have|trust relationship has) been misconfigured"),
    Known("hook-role", Weight.REPEATING, r"lifecycle hook\(s\) failed\.? .{0,20}(AccessDenied|unable to assume)", "ECS may not use a role of the deployment",
          "Check its trust in ecs.amazonaws.com and its permissions"),
    Known("hook-failed", Weight.TERMINAL, r"lifecycle hook\(s\) failed|pause hook timed out", "a lifecycle hook ended the deployment",
          "Read the hook's Lambda log; it must return hookStatus"),
    Known("alarm", Weight.TERMINAL, r"deployment failed: alarm", "a deployment alarm went off", "Look at the alarm; it judged the new version"),
    Known("ecs-throttled", Weight.TRANSIENT, r"operations are being throttled", "ECS's own calls are being throttled", "Wait; start fewer tasks at once"),
    Known("launch-failed", Weight.REPEATING, r"failed to launch a task|could not launch \d+ tasks?|unable to consistently start tasks|tasks failed to start",
          "ECS can't start tasks", "Read the stopped tasks' reasons"),
)  # fmt: skip


def _catalogue() -> tuple[Known, ...]:
    unique: dict[str, Known] = {}
    for row in (*TASK_CAUSES, *FALLBACK_CAUSES, *EXIT_CODE_CAUSES.values(), EXITED, UNEXPLAINED, *EVENTS):
        unique.setdefault(row.name, row)
    return tuple(unique.values())


CATALOGUE: tuple[Known, ...] = _catalogue()
"""Every cause once, in the order of the tables: for the documentation."""
