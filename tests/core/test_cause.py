"""Causes are told by what ECS says, in its old and its new words, and never cost a good deployment its life."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drone_deploy_ecs.core.causes import events, exits
from drone_deploy_ecs.core.causes import tasks as table
from drone_deploy_ecs.core.causes.catalogue import CATALOGUE
from drone_deploy_ecs.core.causes.cause import (
    Cause,
    brief,
    cause_of_event,
    cause_of_task,
    causes,
    describe,
    is_evidence,
    rank,
    terminal_cause,
)
from drone_deploy_ecs.core.causes.known import LONGEST, Known, Weight
from drone_deploy_ecs.core.ecs.service import Service, ServiceEvent
from drone_deploy_ecs.core.ecs.task import Attachment, Container, Detail, Task
from drone_deploy_ecs.core.ecs.taskdef import Defined
from drone_deploy_ecs.core.masking import Masks, Secret
from tests.laws.structs import structs

T0 = datetime(2026, 1, 1, tzinfo=UTC)
REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/1"
ROLE = "User: arn:aws:sts::123456789012:assumed-role/exec/1 is not authorized to perform:"
PULL = "CannotPullContainerError: "
INIT = "ResourceInitializationError: "
SECRETS = f"{INIT}unable to pull secrets or registry auth: "
RETRIEVAL = f"{SECRETS}execution resource retrieval failed: "
ASM = f"{RETRIEVAL}unable to retrieve secret from asm: service call has been retried 1 time(s): "
RUNC = (
    "CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim "
    "task: OCI runtime create failed: runc create failed: unable to start container process: "
)
PLACE = "(service shop) was unable to place a task because no container instance met all of its requirements. "
CLOSEST = f"{PLACE}The closest matching container-instance 0123456789abcdef0123456789abcdef "


def container(exit_code: int | None = None, reason: str = "", name: str = "app", health: str = "") -> Container:
    return Container(name, "shop:1", "", "STOPPED", exit_code, reason, health)


def task(
    reason: str = "", *containers: Container, code: str = "", name: str = "t", created: float = 0, stopped: float = 10
) -> Task:
    return Task(
        arn=f"arn:aws:ecs:eu-west-1:123456789012:task/shop/{name}", started_by="ecs-svc/1", task_definition="shop:2",
        status="STOPPED", health="", stop_code=code, stopped_reason=reason, created_at=T0 + timedelta(seconds=created),
        started_at=None, stopped_at=T0 + timedelta(seconds=stopped), containers=containers or (container(),),
    )  # fmt: skip


def event(message: str, at: float = 0) -> ServiceEvent:
    return ServiceEvent(id=message, at=T0 + timedelta(seconds=at), message=message)


# What ECS says of tasks that didn't start, as users and AWS's pages quote it.
UNSTARTED = [
    ("capacity-refused", f"{INIT}Unable to launch instance(s) for capacity provider mi. UnauthorizedOperation: You are not authorized to perform this operation. {ROLE} iam:PassRole"),
    ("account-blocked", f"{INIT}Unable to launch instance(s) for capacity provider mi. Blocked: This account is currently blocked and not recognized as a valid account. Please contact aws-verification@amazon.com if you have questions."),
    ("account-blocked", f"{INIT}Unable to launch instance(s). Your account is currently blocked and thus your instance could not be launched."),
    ("account-blocked", "Your AWS account is currently blocked and thus cannot launch any Fargate tasks"),
    ("account-blocked", "BlockedException: Your Amazon Web Services account was blocked. For more information, contact Amazon Web Services Support."),
    ("capacity", "Capacity is unavailable at this time. Please try again later or in a different availability zone"),
    ("quota", f"{INIT}Unable to launch instance(s) for capacity provider spot. MaxSpotInstanceCountExceeded: Max spot instance count exceeded. RequestId: 1"),
    ("log-router", "CannotCreateContainerError: failed to create container - container uses awsfirelens log driver but we failed to resolve Firelens bridge IP: timed out waiting for firelens container"),
    ("host-unfit", "CannotCreateContainerError: Error: No such image: amazon/amazon-ecs-pause:0.1.0"),
    ("not-launched", f"{INIT}Unable to launch instance(s) for capacity provider shop."),
    ("image-volume", "CannotCreateVolumeError: unsupported: Dockerfile contains VOLUME instruction"),
    ("arn-invalid", "unsupported credentialspec ARN, only s3/ssm ARNs are valid"),
    ("capacity", f"{INIT}Unable to launch instance(s) for capacity provider spot. UnfulfillableCapacity: Unable to fulfill capacity due to your request configuration."),
    ("capacity", "RESOURCE:FARGATE"),
    ("quota", "You\u2019ve reached the limit on the number of vCPUs you can run concurrently"),
    ("quota", "You've reached the limit on the number of tasks you can run concurrently"),
    ("quota", "The requested MEMORY configuration is above your limit"),
    ("incompatible-capacity", "The selected task definition is not compatible with the selected compute strategy."),
    ("host-port-taken", "CannotStartContainerError: Error response from daemon: driver failed programming external connectivity on endpoint x: Bind for 0.0.0.0:80 failed: port is already allocated"),
    ("attribute-missing", "RESOURCE:ATTRIBUTE"),
    ("placement-constraint", "MemberOf placement constraint unsatisfied."),
    ("network-interface-refused", "Unexpected EC2 error while attempting to tag the network interface: TagPolicyViolation"),
    ("network-interface", "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': InsufficientFreeAddressesInSubnet"),
    ("network-interface-denied", "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1': AuthFailure"),
    ("network-interface", "Timeout waiting for network interface provisioning to complete."),
    ("network-interface", f"{INIT}failed to configure ENI: failed to setup regular eni: netplugin failed with no error message"),
    ("network-interface", "Unable to attach network interface to unused device index"),
    ("no-instance-fits", "RESOURCE:GPU"),
    ("no-instance-fits", "RESOURCE:MEMORY"),
    ("volume-refused", f"{INIT}failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: access denied by server while mounting 127.0.0.1:/' :"),
    ("volume-refused", f"{INIT}failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: mounting fs-1.efs.eu-west-1.amazonaws.com:/x failed, reason given by server: No such file or directory"),
    ("volume", f"{INIT}failed to invoke EFS utils commands to set up EFS volumes: stderr: Mount attempt 1/3 failed due to timeout after 15 sec, wait 0 sec before next attempt. b'mount.nfs4: mount system call failed'"),
    ("volume-unknown", f'{INIT}failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve "fs-1.efs.eu-west-1.amazonaws.com"'),
    ("volume-refused", "CannotCreateContainerError: Error response from daemon: create 1: VolumeDriver.Create: mounting volume failed: b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'"),
    ("volume-driver", "CannotStartContainerError: API error (500): error while mounting volume '/v': VolumeDriver.Mount: Mount failed, get service member error Timeout"),
    ("volume", "Timeout waiting for EphemeralStorage provisioning to complete."),
    ("volume", "CannotCreateVolumeError: create: driver unavailable"),
    ("registry-throttled", f"{PULL}inspect image has been retried 5 time(s): httpReaderSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/nginx/manifests/sha256:1: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."),
    ("registry-throttled", f"{PULL}Error response from daemon: toomanyrequests: Rate exceeded"),
    ("aws-throttled", f"{RETRIEVAL}unable to retrieve secrets from ssm: service call has been retried 5 time(s): ThrottlingException: Rate exceeded"),
    ("no-connection", f'{PULL}pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/shop:1: failed to do request: Head "https://registry-1.docker.io/v2/shop/manifests/1": dial tcp 34.205.13.154:443: i/o timeout'),
    ("no-connection", f"{PULL}API error (500): Get https://{REPOSITORY}/v2/: net/http: request canceled while waiting for connection"),
    ("no-connection", f"{PULL}The task cannot pull 'shop' from the Amazon ECR repository '{REPOSITORY}'. There is a connection issue between the task and Amazon ECR. Check your task network configuration."),
    ("no-connection", f"{PULL}The task can\u2019t pull the image. Check your network configuration. Error response from daemon: Get x: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"),
    ("no-connection", f"{SECRETS}pull command failed: : signal: killed"),
    ("no-connection", f"{SECRETS}unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager."),
    ("no-connection", f"{SECRETS}pull command failed: panic: runtime error: invalid memory address or nil pointer dereference"),
    ("no-connection", f'{SECRETS}The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed, Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 13.53.180.123:443: i/o timeout'),
    ("no-connection", f"{RETRIEVAL}unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded"),
    ("no-connection", f"{SECRETS}unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration."),
    ("no-connection", f"{INIT}failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed"),
    ("no-connection", f"{INIT}failed to download env files: file download command: non-empty error stream: RequestCanceled: request context canceled caused by: context deadline exceeded"),
    ("pull-cancelled", f"{PULL}ref pull has been retried 1 time(s): context canceled"),
    ("pull-cancelled", f"{PULL}context canceled"),
    ("no-connection", f"{PULL}ref pull has been retried 1 time(s): failed to do request: Get https://r/v2/: context canceled"),
    ("no-connection", f"{RETRIEVAL}unable to get registry auth from asm: service call has been retried 1 time(s): asm fetching secret from the service for arn:aws:secretsmanager:eu-west-1:1:secret:login-a1: RequestError: ..."),
    ("host-port-taken", "CannotStartContainerError: API error (500): Cannot start container a1: failed to create endpoint shop on network bridge: Bind for 0.0.0.0:30"),
    ("registry-unavailable", f"{PULL}pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/shop:1: unexpected status from HEAD request to https://registry-1.docker.io/v2/shop/manifests/1: 503 Service Unavailable"),
    ("registry-unavailable", f"{PULL}Error response from daemon: denied: Your authorization token has expired. Reauthenticate and try again."),
    ("wrong-platform", f"{PULL}image Manifest does not contain descriptor matching platform 'linux/amd64'"),
    ("wrong-platform", f"{PULL}pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'"),
    ("host-platform", f"{PULL}Error response from daemon: no matching manifest for linux/arm64/v8 in the manifest list entries"),
    ("wrong-platform", f"{PULL}failed to pull and unpack image: no match for platform in manifest sha256:1: not found"),
    ("image-too-big", f"{PULL}write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device"),
    ("layer-download", f"{PULL}ref pull has been retried 1 time(s): failed to copy: httpReaderSeeker: failed open: unexpected status code https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/1: 403 Forbidden"),
    ("layer-download", f"{PULL}failed to extract layer sha256:1: content digest sha256:2: not found"),
    ("layer-download", f"{PULL}error pulling image configuration: download failed after attempts=6"),
    ("image-broken", f"{PULL}ref pull has been retried 1 time(s): failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers"),
    ("image-broken", f'{PULL}failed commit on ref "manifest-sha256:1": commit failed: unexpected commit digest sha256:2, expected sha256:1 failed precondition'),
    ("image-name-invalid", f'InternalError: failed to create container model: failed to normalize image reference "{REPOSITORY}:". Launch a new task to retry.'),
    ("aws-fault", "InternalError: failed to create container model: something new. Launch a new task to retry."),
    ("image-name-invalid", f"{PULL}Error response from daemon: invalid reference format"),
    ("image-not-found", f"{PULL}pull image manifest has been retried 1 time(s): failed to resolve ref {REPOSITORY}:2: {REPOSITORY}:2: not found"),
    ("image-not-found", f'{PULL}inspect image has been retried 1 time(s): failed to resolve ref "{REPOSITORY}:429": {REPOSITORY}:429: not found'),
    ("image-not-found", f"{PULL}Error response from daemon: manifest for {REPOSITORY}:2 not found: manifest unknown: Requested image not found"),
    ("repository-unknown", f"{PULL}The task can\u2019t pull the image. Check whether the image exists. Error response from daemon: pull access denied for shop, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"),
    ("image-not-found", "CannotPullImageManifestError: Error response from daemon: name unknown: The repository with name 'shop' does not exist"),
    ("image-not-found", f'{PULL}404 Client Error for http+docker://localhost/v1.41/images/create: Not Found ("manifest for shop:2 not found: manifest unknown")'),
    ("image-not-allowed", f"{PULL}The task can\u2019t pull the image. Check that the role has the permissions to pull images from the registry. Error response from daemon: pull access denied for {REPOSITORY}, repository does not exist or may require 'docker login': denied: {ROLE} ecr:BatchGetImage on resource: x"),
    ("repository-unknown", f"{PULL}pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/library/shop:1: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"),
    ("image-not-allowed", f"{PULL}failed to resolve ref harbor.example/shop:1: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"),
    ("image-not-allowed", f"{PULL}failed to resolve ref: failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized"),
    ("image-not-allowed", f"{PULL}Authentication is required."),
    ("registry-auth-denied", f"{RETRIEVAL}unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: {ROLE} ecr:GetAuthorizationToken on resource: *"),
    ("registry-auth-denied", f"{RETRIEVAL}unable to retrieve ecr registry auth: service call has been retried 1 time(s): operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, RequestID: 1, api error AccessDeniedException: no"),
    ("role-refused", "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/exec' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions"),
    ("secret-key-missing", f"{ASM}retrieved secret from Secrets Manager did not contain json key PASSWORD"),
    ("secret-denied", f"{ASM}AccessDeniedException: {ROLE} secretsmanager:GetSecretValue on resource: x"),
    ("secret-denied", f"Fetching secret data from SSM Parameter Store in eu-west-1: AccessDeniedException: {ROLE} ssm:GetParameters on resource: x"),
    ("secret-denied", f"{ASM}failed to fetch secret x from secrets manager: AccessDeniedException: Access to KMS is not allowed"),
    ("secret-missing", f"{ASM}failed to fetch secret arn:x from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."),
    ("secret-missing", "Fetching secret data from AWS Secrets Manager in region eu-west-1: secret arn:x: ResourceNotFoundException: Secrets Manager can't find the specified secret."),
    ("secret-missing", "ResourceNotFoundException: The task can't retrieve the secret with ARN 'x' from AWS Secrets Manager. Check whether the secret exists in the specified Region"),
    ("secret-missing", f"{ASM}InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."),
    ("secret-missing", "Fetching secret data from SSM Parameter Store in eu-west-1: invalid parameters: /shop/KEY"),
    ("secret-missing", f"{RETRIEVAL}unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /shop/KEY"),
    ("log-group-missing", f"{INIT}failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"),
    ("log-group-missing", "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, ResourceNotFoundException: The specified log group does not exist."),
    ("log-denied", f"{INIT}failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: {ROLE} logs:CreateLogStream on resource: x"),
    ("log-options", f"{INIT}failed to validate logger args: unable to get awslogs driver arguments: awslogs-region is required"),
    ("logging-failed", f"{INIT}failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log"),
    ("log-target-away", "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: dial tcp 127.0.0.1:24224: connect: connection refused"),
    ("env-file", f"{INIT}failed to download env files: service call has been retried 1 time(s): operation error S3: HeadObject, https response error StatusCode: 403, api error Forbidden: Forbidden."),
    ("exec-format", f'{RUNC}exec "/app": exec format error: unknown'),
    ("command-not-found", f'{RUNC}exec: "serve": executable file not found in $PATH: unknown'),
    ("command-not-found", f'{RUNC}exec: "/app/serve": stat /app/serve: no such file or directory: unknown'),
    ("command-not-executable", f'{RUNC}exec: "./docker-entrypoint.sh": permission denied: unknown'),
    ("user-missing", "CannotStartContainerError: ResourceInitializationError: unable to create new container: mount callback failed on /tmp/containerd-mount1: open /tmp/containerd-mount1/etc/passwd: no such file or directory"),
    ("init-failed", "CannotStartContainerError: ResourceInitializationError: unable to create new container: mount callback failed on /tmp/containerd-mount1: something new"),
    ("user-missing", "CannotCreateContainerError: Error response from daemon: unable to find user shop: no matching entries in passwd file"),
    ("dependency", "dependency graph: container ordering dependency [db] for target [app] has timed out."),
    ("dependency", "TaskDependencyError: Task dependencies cannot be resolved, taskArn: x"),
    ("start-timeout", "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s"),
    ("start-timeout", "ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m: x"),
    ("disk-full", "CannotCreateContainerError: mkdir /x: no space left on device"),
    ("aws-fault", "InternalError: the agent didn't answer"),
    ("aws-fault", "Internal error."),
    ("pull-failed", f"{PULL}pull image manifest has been retried 1 time(s): failed to parse its index"),
    ("init-failed", f"{INIT}something new"),
    ("windows-version", f"{PULL}a Windows version 10.0.16299-based image is incompatible with a 10.0.14393 host"),
    ("engine-down", f"{PULL}error during connect: In the default daemon configuration on Windows, the docker client must be run with elevated privileges"),
    ("host-network", "CannotStartContainerError: API error (404): Cannot start container 1: adding interface veth0e8d337 to bridge docker0 failed: could not find bridge docker0: no such network interface"),
    ("host-fault", "CgroupError: Agent could not create task's platform resources"),
    ("host-unknown", f'{PULL}Error response from daemon: Get "https://1.dkr.ecr.eu-west-1.amazonaws.commm/v2/": dial tcp: lookup 1.dkr.ecr.eu-west-1.amazonaws.commm on 10.0.0.2:53: no such host'),
    ("no-connection", f"{RETRIEVAL}unable to retrieve ecr registry auth: service call has been retried 3 time(s)"),
    ("no-connection", f"{RETRIEVAL}unable to get registry auth from asm: service call has been retried 5 time(s): asm fetching secret from the service for ..."),
    ("no-connection", f'{PULL}containerd: pull command failed: time="x" level=info msg="apply failure" error="failed to extract layer sha256:1: context ca...'),
    ("no-connection", f"{PULL}Could not reach any registry endpoint"),
    ("registry-unavailable", f"{PULL}inspect image has been retried 5 time(s): httpReaderSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/amazon/x/manifests/sha256:330a..."),
    ("image-unusable", f"{PULL}ref pull has been retried 1 time(s): failed to unpack image on snapshotter overlayfs: failed to extract layer sha256:1: failed to get stream processor for application/vnd.in-toto+json: no processor for media-type: unknown"),
    ("image-gone", f"{PULL}pull image manifest has been retried 7 time(s): failed to resolve ref {REPOSITORY}:latest@sha256:11f7: {REPOSITORY}:latest@sha256:11f7: not found"),
    ("image-too-big", f'{PULL}containerd: pull command failed: time="x" error="failed to extract layer sha256:e246: write /var...'),
    ("layer-unpack", f"{PULL}failed to register layer: devicemapper: Error running deviceResume dm_task_run failed"),
    ("host-not-logged-in", f"{PULL}Error response from daemon: pull access denied for {REPOSITORY}, repository does not exist or may require 'docker login'"),
    ("infrastructure-role", "ECS was unable to assume the configured ECS Infrastructure Role 'arn:aws:iam::1:role/ecsInfrastructureRole'. Please verify that the role being passed has the proper trust relationship with Amazon ECS"),
    ("secret-empty", f"{ASM}failed to fetch secret arn:x from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"),
    ("secret-not-json", f"{ASM}invalid character 'p' in literal true (expecting 'r')"),
    ("secret-unread", f"{ASM}service call has been retried 5 time(s): operation error Secrets Manager: GetSecretValue, https response error StatusCode: 200, RequestID: , deserialization failed, failed to decode response body, invalid character '<' looking for beginning of value"),
    ("secret-unread", f"{ASM}service call has been retried 1 time(s): SerializationError: failed decoding JSON RPC error response caused by: invalid character '<' looking for beginning of value"),
    ("secret-name-invalid", "ValidationException: Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"),
    ("secret-unread", f"{RETRIEVAL}unable to retrieve secrets from ssm: service call has been retried 1 time(s)"),
    ("log-options", f"{INIT}failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: MissingEndpoint: 'Endpoint' configuration is required for t"),
    ("log-denied", f"{INIT}failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User: arn:aws:sts::1:assumed-role/shop/1..."),
    ("volume-refused", "ECS failed to set up the EBS volume. Encountered IdempotentParameterMismatch"),
    ("mount-failed", 'CannotStartContainerError: ResourceInitializationError: container_linux.go:349: starting container process caused "process_linux.go:449: container init caused \\"rootfs_linux.go:58'),
    ("device-missing", 'CannotStartContainerError: Error response from daemon: error gathering device information while adding custom device "/dev/dri/renderD130": no such file or directory'),
    ("gpu-failed", f"{RUNC}error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: nvidia-container-cli: initialization error: driver rpc error: failed to process request: unknown"),
    ("gpu-failed", f"{RUNC}error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: nvidia-container-cli: detection error: nvml error: unknown error: unknown"),
    ("gpu-hook", f"{RUNC}error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: nvidia-container-cli: initialization error: driver rpc error: ti..."),
    ("gpu-timeout", f"{RUNC}error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: nvidia-container-cli: initialization error: driver rpc error: timed out: unknown"),
    ("not-stopped", "CannotStopContainerError: failed sending SIGTERM to container: x"),
    ("command-not-found", f'{RUNC}exec: "/usr/local/bin/_entrypoint.sh": stat /usr/loca'),
    ("command-not-found", 'CannotStartContainerError: hcs::System::CreateProcess: "cmd /S /C x": The system cannot find the file specified.: unknown'),
    ("command-not-run", 'CannotStartContainerError: API error (404): container_linux.go:247: starting container process caused "exec: something new'),
    ("command-not-found", 'CannotStartContainerError: API error (404): container_linux.go:247: starting container process caused "exec: "apt-get update && apt-get -y install php'),
    ("option-unsupported", "CannotCreateContainerError: Error response from daemon: invalid option: Windows does not support MemoryReservation"),
    ("credential-spec", "CannotCreateContainerError: Error response from daemon: invalid CredentialSpec: credential spec could not be read"),
    ("permission-missing", f"{INIT}Service Connect: {ROLE} acm-pca:IssueCertificate on resource: x"),
    ("env-file", f"{INIT}environment file: cannot be parsed"),
    ("image-format", f"{PULL}Error response from daemon: unsupported media type application/vnd.cncf.helm.config.v1+json"),
    ("registry-secret", "asm fetching username: AuthorizationData is malformed, empty field"),
    ("certificate-untrusted", f'{PULL}Error response from daemon: Get "https://registry.shop.internal/v2/": x509: certificate signed by unknown authority'),
    ("disk-full", "CannotCreateContainerError: API error (500): devmapper: Thin Pool has 0 free data blocks which is less than minimum required 20253 free data blocks."),
    ("host-port-taken", "CannotStartContainerError: Error response from daemon: driver failed programming external connectivity on endpoint ecs-shop-1"),
    ("mount-failed", "HostConfigError: Unable to resolve volume mounts; invalid path: tmp -> /tmp"),
    ("command-not-run", "CannotStartContainerError: hcs::System::CreateProcess 1: something new"),
    ("mount-failed", f'{RUNC}error mounting "/srv/x" to rootfs at "/x": no such file or directory: unknown'),
    ("init-failed", "ContainerRuntimeError: something new"),
    ("not-started", "something new"),
]  # fmt: skip

# (name, stop code, stopped reason, exit code, the container's reason)
STOPPED = [
    ("scaling", "ServiceSchedulerInitiated", "Scaling activity initiated by deployment ecs-svc/123", 0, ""),
    ("scaling", "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/123)", 137, ""),
    ("rebalancing", "ServiceSchedulerInitiated", "AZ Rebalancing", 143, ""),
    ("stopped-by-user", "UserInitiated", "Task stopped by user", 137, ""),
    ("stopped-by-user", "UserInitiated", "CannotPullContainerError: manifest unknown, says Bob", 1, ""),
    ("host-gone", "ServiceSchedulerInitiated", "Service shop: container instance is in DRAINING state", 143, ""),
    ("host-gone", "ServiceSchedulerInitiated", "Task stopped during instance draining", None, ""),
    ("host-deregistered", "UserInitiated", "Container instance deregistration forced by user", None, ""),
    ("host-gone", "UserInitiated", "Host EC2 (instance i-1) terminated.", None, ""),
    ("host-gone", "InfrastructureHealth", "", None, ""),
    ("agent-disconnected", "TaskFailedToStart", "AGENT", None, ""),
    ("wrong-zone", "TaskFailedToStart", "LOCATION", None, ""),
    ("spot", "SpotInterruption", "", 143, ""),
    ("spot", "TerminationNotice", "Your Spot Task was interrupted.", 143, ""),
    ("maintenance", "TerminationNotice", "", None, ""),
    ("maintenance", "ServiceSchedulerInitiated",
     "Service shop: ECS is performing maintenance on the underlying infrastructure hosting the task", 137, ""),
    ("target-unhealthy", "ServiceSchedulerInitiated", f"Task failed ELB health checks in (target-group {GROUP})", 137, ""),
    ("container-unhealthy", "ServiceSchedulerInitiated", "Task failed container health checks", 137, ""),
    ("stopped-by-ecs", "ServiceSchedulerInitiated", "something new", 137, ""),
    ("out-of-memory", "EssentialContainerExited", "Essential container in task exited", 137,
     "OutOfMemoryError: Container killed due to memory usage"),
    ("out-of-memory", "EssentialContainerExited", "Essential container in task exited", 137,
     "container killed due to memory usage"),
    ("command-not-found", "TaskFailedToStart", "Task failed to start", 128, f'{RUNC}exec: "x": executable file not found'),
    ("ended", "EssentialContainerExited", "Essential container in task exited", 0, ""),
    ("exited", "EssentialContainerExited", "Essential container in task exited", 1, ""),
    ("exited", "EssentialContainerExited", "Essential container in task exited", None, ""),
    ("exited-255", "", "", 255, ""),
    ("segfault", "EssentialContainerExited", "Essential container in task exited", 3221225477, ""),
    ("terminated", "EssentialContainerExited", "Essential container in task exited", -1073741510, ""),
    ("library-missing", "EssentialContainerExited", "Essential container in task exited", -1073741515, ""),
    ("aborted", "EssentialContainerExited", "Essential container in task exited", 3221226505, ""),
    ("dotnet-exception", "EssentialContainerExited", "Essential container in task exited", 3762504530, ""),
    ("exited-126", "EssentialContainerExited", "Essential container in task exited", 126, ""),
    ("command-not-found", "EssentialContainerExited", "Essential container in task exited", 127, ""),
    ("aborted", "EssentialContainerExited", "Essential container in task exited", 134, ""),
    ("killed", "EssentialContainerExited", "Essential container in task exited", 137, ""),
    ("segfault", "EssentialContainerExited", "Essential container in task exited", 139, ""),
    ("terminated", "EssentialContainerExited", "Essential container in task exited", 143, ""),
    ("unexplained", "", "", None, ""),
]  # fmt: skip

EVENTS = [
    ("no-instance-fits", f"{CLOSEST}has insufficient CPU units available."),
    ("no-instance-fits", f"{CLOSEST}has insufficient memory available."),
    ("no-instance-fits", PLACE),
    ("no-instance-fits", "(service shop) is unable to place a task in eu-west-1a because no container instance met all of its requirements."),
    ("no-instance-fits", "(service shop) was unable to place a task. Reason: TaskFailedToStart: RESOURCE:GPU."),
    ("host-port-taken", f"{CLOSEST}is already using a port required by your task."),
    ("attribute-missing", f"{CLOSEST}is missing an attribute required by your task."),
    ("placement-constraint", f"{PLACE}Reason: MemberOf placement constraint unsatisfied."),
    ("placement-constraint", f"{CLOSEST}violates a constraint."),
    ("network-interface", f'{CLOSEST}encountered error "RESOURCE:ENI".'),
    ("agent-disconnected", f'{CLOSEST}encountered error "AGENT".'),
    ("agent-disconnected", "(service shop) Timed out waiting for Amazon ECS Agent to start. Please check logs at /var/log/ecs/ecs-agent.log"),
    ("no-instances", "(service shop) was unable to reach steady state. Reason: No Container Instances were found in your capacity provider."),
    ("no-instances", "(service shop) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster."),
    ("quota", "(service shop) was unable to place a task. Reason: You\u2019ve reached the limit on the number of vCPUs you can run concurrently"),
    ("quota", "(service shop) was unable to place a task. Reason: The requested CPU configuration is above your limit."),
    ("account-blocked", "(service shop) was unable to place a task. Reason: Your account is currently blocked."),
    ("capacity", "(service shop) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone."),
    ("provisioning-limit", "(service shop) was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded."),
    ("aws-fault", "(service shop) was unable to place a task. Reason: Internal error."),
    ("not-placed", "(service shop) was unable to place a task. Reason: something new"),
    ("image-not-found", f"(service shop) was unable to place a task. Reason: {PULL}failed to resolve ref shop:2: shop:2: not found."),
    ("secret-key-missing", f"(service shop) was unable to place a task. Reason: {ASM}retrieved secret from Secrets Manager did not contain json key KEY."),
    ("role-refused", "(service shop) failed to launch a task with (error ECS was unable to assume the role 'arn:x' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions)."),
    ("permission-missing", "IAM permissions policies have been misconfigured or changed, and ECS can no longer maintain your service"),
    ("elb-denied", "IAM permissions policies have been misconfigured or changed, and ECS can no longer maintain your (service shop). Please reconfigure your IAM role. Failure Context: Role (arn:aws:iam::1:role/infra) is not authorized to perform: (elasticloadbalancing:DescribeTargetHealth)."),
    ("service-role", "IAM trust relationship has been misconfigured or changed, and ECS can no longer maintain your service"),
    ("launch-failed", "(service shop) failed to launch a task with (error something new)."),
    ("launch-failed", "(service shop) is unable to consistently start tasks successfully."),
    ("not-placed", "(service shop) could not launch 3 tasks for deployment ecs-svc/1."),
    ("circuit-breaker", "(service shop) (deployment ecs-svc/1) deployment failed: tasks failed to start."),
    ("circuit-breaker", "(service shop) (deployment ecs-svc/1) deployment failed: ECS deployment circuit breaker: task failed to start."),
    ("no-way-back", "(service shop) (deployment ecs-svc/1) deployment failed: No rollback candidate was found to run the rollback."),
    ("alarm", "(service shop) (deployment ecs-svc/1) deployment failed: alarm detected."),
    ("ecs-throttled", "(service shop) operations are being throttled. Will try again later."),
    ("stuck-by-percent", "(service shop) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again."),
    ("tasks-protected", "(service shop) was unable to reach steady state because (taskSet ecs-svc/1) was unable to scale in due to (reason 2 tasks under protection)"),
    ("target-unhealthy", f"(service shop) (task 1) (port 80) is unhealthy in (target-group {GROUP}) due to (reason Health checks failed with these codes: [404])."),
    ("target-unhealthy", f"(service shop) (instance i-1) (port 32779) is unhealthy in (target-group {GROUP}) due to (reason Request timed out)"),
    ("target-unhealthy", "(service shop) (instance i-1) is unhealthy in (elb shop) due to (reason Instance has failed at least the UnhealthyThreshold number of health checks consecutively.)"),
    ("target-registration", f"(service shop) failed to register targets in (target-group {GROUP}) with (error x)"),
    ("target-registration", f"(service shop) (task 1) is not healthy in (target-group {GROUP}) due to TARGET GROUP IS NOT FOUND."),
    ("discovery", "(service shop) was unable to register the task in Cloud Map"),
    ("account-blocked", "(service shop) was unable to place a task because your account is currently blocked."),
    ("container-unhealthy", "(service shop) (task 1) failed container health checks."),
    ("target-unhealthy", "(service shop) (deployment ecs-svc/1) deployment failed: tasks failed ELB health checks in (target-group x)"),
    ("target-unhealthy", "service shop (instance i-1) is unhealthy in elb shop due to (reason Instance has failed at least the UnhealthyThreshold number of health checks consecutively.)"),
    ("target-zone", f"(service shop) (task 1) (port 3000) is unhealthy in (target-group {GROUP}) due to (reason Target is in an Availability Zone that is not enabled for the load balancer)"),
    ("elb-denied", f"service shop failed to register targets in target-group x with (error {ROLE} elasticloadbalancing:RegisterTargets on resource: x)"),
    ("launch-failed", "(service shop) (deployment ecs-svc/1) deployment failed: deployment failure."),
    ("hook-failed", "(service shop) (deployment ecs-svc/1) deployment failed: Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed. Lifecycle hook target arn:aws:lambda:eu-west-1:1:function:sign returned FAILED status."),
    ("pause-timed-out", "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook timed out."),
    ("pause-rejected", "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook was answered with ROLLBACK."),
    ("hook-role", "Service deployment rolled back because TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. ECS was unable to assume role arn:aws:iam::1:role/Admin"),
    ("hook-ended", "(service shop) (deployment ecs-svc/1) deployment failed: hook execution failure(s) detected."),
    ("hook-ended", "Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed."),
    ("bluegreen-network", "Service deployment rolled back because of invalid networking configuration. One or more rules not found"),
    ("bluegreen-ended", "Service deployment rolled back because of invalid networking configuration."),
    ("elb-denied", "Service deployment rolled back because of invalid networking configuration. ECS was unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role 'arn:aws:iam::1:role/Admin'."),
]  # fmt: skip

QUIET = (
    "(service shop) has reached a steady state.",
    "(service shop) has started 2 tasks: (task 1) (task 2).",
    "(service shop) has started 1 tasks: (task 1). Amazon ECS replaced 1 tasks due to an unhealthy status.",
    "(service shop) has stopped 1 running tasks in eu-west-1a due to AZ rebalancing: (task 1).",
    "(service shop) is not AZ balanced with 3 tasks in eu-west-1a, 1 tasks in eu-west-1b. AZ Rebalancing in progress.",
    "(service shop) has begun draining connections on 2 tasks.",
    "(service shop) (deployment ecs-svc/1) deployment completed.",
    "(service shop) stopped 2 pending tasks. Reason: Scaling activity initiated by deployment ecs-svc/1",
)

WEIGHTS = {
    Weight.TERMINAL: {
        "incompatible-capacity", "wrong-platform", "image-name-invalid", "image-unusable", "image-gone", "image-volume",
        "secret-name-invalid", "arn-invalid", "log-options", "command-not-found",
        "command-not-executable", "user-missing", "alarm", "hook-failed", "pause-timed-out", "bluegreen-network",
    },
    Weight.REPEATING: {
        "capacity-refused", "credential-spec", "image-format", "option-unsupported", "registry-secret", "certificate-untrusted", "permission-missing", "host-platform", "exec-format", "network-interface-refused", "volume-refused", "volume-driver", "image-broken", "image-too-big", "layer-unpack", "layer-download",
        "host-unknown", "image-not-found", "host-not-logged-in", "image-not-allowed", "registry-auth-denied",
        "infrastructure-role", "role-refused", "secret-empty", "secret-not-json", "secret-denied", "log-group-missing",
        "secret-missing", "secret-unread", "log-denied", "logging-failed", "env-file", "mount-failed", "device-missing",
        "gpu-failed", "command-not-run", "dependency", "out-of-memory", "disk-full", "target-unhealthy",
        "container-unhealthy", "pull-failed", "init-failed", "ended", "exited", "exited-126", "exited-255", "windows-version", "library-missing", "dotnet-exception", "aborted", "killed", "segfault",
        "terminated", "target-zone", "elb-denied", "target-registration", "hook-role", "hook-ended", "pause-rejected", "bluegreen-ended",
        "launch-failed", "circuit-breaker", "service-role", "repository-unknown", "secret-key-missing", "host-unfit", "log-router",
    },
    Weight.TRANSIENT: {
        "host-gone", "host-fault", "host-network", "engine-down", "spot", "maintenance", "account-blocked", "capacity", "quota",
        "host-port-taken", "attribute-missing", "placement-constraint", "network-interface", "no-instance-fits", "volume",
        "registry-throttled", "aws-throttled", "no-connection", "registry-unavailable", "log-target-away",
        "start-timeout", "aws-fault", "not-started", "stopped-by-ecs", "unexplained", "no-instances", "not-placed",
        "tasks-protected", "stuck-by-percent", "discovery", "ecs-throttled", "no-way-back",
        "agent-disconnected", "network-interface-denied", "not-launched", "wrong-zone", "volume-unknown", "provisioning-limit",
        "pull-cancelled", "host-deregistered", "gpu-timeout", "gpu-hook", "not-stopped",
    },
    Weight.NOT_EVIDENCE: {"scaling", "rebalancing", "stopped-by-user"},
}  # fmt: skip
WEIGHT = {name: weight for weight, names in WEIGHTS.items() for name in names}


@pytest.mark.parametrize(("name", "said"), UNSTARTED)
def test_a_task_that_did_not_start_tells_why(name: str, said: str) -> None:
    whole = cause_of_task(task(said, code="TaskFailedToStart"))
    assert (whole.name, whole.weight) == (name, WEIGHT[name])
    if name != "not-started":
        by_container = cause_of_task(task("Task failed to start", container(reason=said), code="TaskFailedToStart"))
        assert by_container.name == name


@pytest.mark.parametrize(("name", "code", "said", "exit_code", "reason"), STOPPED)
def test_a_task_that_stopped_tells_why(name: str, code: str, said: str, exit_code: int | None, reason: str) -> None:
    cause = cause_of_task(task(said, container(exit_code, reason), code=code))
    assert (cause.name, cause.weight) == (name, WEIGHT[name])


@pytest.mark.parametrize(("name", "said"), EVENTS)
def test_an_event_tells_why(name: str, said: str) -> None:
    cause = cause_of_event(event(said))
    assert cause is not None
    assert (cause.name, cause.weight, cause.reason) == (name, WEIGHT[name], said)


@pytest.mark.parametrize("said", QUIET)
def test_an_event_of_every_day_tells_nothing(said: str) -> None:
    assert cause_of_event(event(said)) is None


def test_no_pattern_repeats_what_repeats_or_branches_itself() -> None:
    """So none takes exponential time: what others it takes is bounded by `LONGEST`."""
    repeats = r"\)(?:[*+]|\{\d*,\d*\})"
    for row in (*table.TASK_CAUSES, *table.FALLBACK_CAUSES, *events.EVENTS):
        plain = re.findall(rf"\(([^()]*){repeats}", row.pattern)
        assert len(plain) == len(re.findall(repeats, row.pattern)), row.name
        assert not [inner for inner in plain if re.search(r"[*+|{?]", inner)], row.name


def test_the_catalogue_names_every_cause_once_and_each_is_shown_by_a_message() -> None:
    names = [one.name for one in CATALOGUE]
    assert len(names) == len(set(names)) == len(WEIGHT)
    assert {one.name: one.weight for one in CATALOGUE} == WEIGHT
    assert {one[0] for one in (*UNSTARTED, *STOPPED, *EVENTS)} == set(names)
    assert all(one.headline and one.advice for one in CATALOGUE)
    for row in (
        *table.TASK_CAUSES,
        *table.FALLBACK_CAUSES,
        *exits.EXIT_CODE_CAUSES.values(),
        exits.EXITED,
        exits.UNEXPLAINED,
        *events.EVENTS,
    ):
        same = next(one for one in CATALOGUE if one.name == row.name)
        assert replace(row, pattern="") == replace(same, pattern="")


def test_of_a_text_longer_than_any_of_ecs_only_the_beginning_is_looked_at_and_that_proves_nothing_vague() -> None:
    near, far = "x" * (LONGEST - 100), "x" * LONGEST
    said = "exec format error"
    assert cause_of_task(task(f"{near}: {said}")).name == "exec-format"
    assert cause_of_task(task(f"{far}: {said}")).name == "unexplained"
    vague = cause_of_task(task(f"CannotPullContainerError: {far}"))
    assert (vague.name, vague.weight) == ("pull-failed", Weight.TRANSIENT)


@pytest.mark.parametrize("rows", [table.TASK_CAUSES, table.FALLBACK_CAUSES, events.EVENTS])
def test_no_pattern_matches_nothing_in_particular(rows: tuple[Known, ...]) -> None:
    for row in rows:
        assert row.pattern
        assert not row.tells("")
        assert not row.tells(": ")
        assert not row.tells("EssentialContainerExited: Essential container in task exited")


WORDS = (
    "capacity", "connection", "denied", "disk", "eni", "eof", "exec", "host", "manifest", "oom", "room", "secret", "spot",
    "throttler", "timeout", "unknown", "volume", "403", "429", "503",
)  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("-".join), st.sampled_from(WORDS))
def test_a_name_is_no_cause(name: str, tag: str) -> None:
    said = f"{PULL}pull image manifest has been retried 1 time(s): failed to resolve ref {name}:{tag}: {name}:{tag}: not found"
    assert cause_of_task(task(said, code="TaskFailedToStart")).name == "image-not-found"


def test_what_could_not_be_reached_is_not_called_missing_or_denied() -> None:
    for name, said in UNSTARTED:
        if WEIGHT[name] is Weight.TERMINAL and said.startswith((PULL, INIT)):
            unsure = cause_of_task(task(f"{said} dial tcp 10.0.0.1:443: i/o timeout", code="TaskFailedToStart"))
            assert unsure.weight is not Weight.TERMINAL, said


@pytest.mark.parametrize(
    ("code", "containers", "culprit"),
    [
        # the sidecar fails, the app is stopped with it: by SIGKILL, by SIGTERM, or ending politely
        ("EssentialContainerExited", [container(137), container(2, name="proxy")], "proxy"),
        ("EssentialContainerExited", [container(143), container(0, name="proxy")], "proxy"),
        ("EssentialContainerExited", [container(0), container(1, name="proxy")], "proxy"),
        ("EssentialContainerExited", [container(1), container(137, "OutOfMemoryError: x", name="proxy")], "proxy"),
        ("EssentialContainerExited", [container(0), container(137, name="proxy")], "proxy"),
        # a helper's bad health brings nothing down, a container's own reason for not stopping neither
        ("EssentialContainerExited", [container(143, name="helper", health="UNHEALTHY"), container(1)], "app"),
        (
            "EssentialContainerExited",
            [container(137, "CannotStopContainerError: x", name="helper"), container(1)],
            "app",
        ),
        ("EssentialContainerExited", [container(reason="dependency graph: x", name="late"), container(3)], "app"),
        ("EssentialContainerExited", [container(143, name="helper"), container(None)], "helper"),
        ("TaskFailedToStart", [container(), container(reason=f"{PULL}x", name="proxy")], "proxy"),
        ("TaskFailedToStart", [container(), container(reason="TaskDependencyError: x", name="proxy")], "proxy"),
        ("ServiceSchedulerInitiated", [container(2, name="helper"), container(143, health="UNHEALTHY")], "app"),
        ("TaskFailedToStart", [container(), container(name="proxy")], ""),
        ("TaskFailedToStart", [container()], "app"),
    ],
)
def test_the_container_is_named_that_brought_the_task_down(
    code: str, containers: list[Container], culprit: str
) -> None:
    assert cause_of_task(task("", *containers, code=code)).container == culprit


def test_a_container_that_could_not_start_is_no_cause_of_a_stop_by_the_load_balancer() -> None:
    broken = container(127, f'{RUNC}exec: "x": executable file not found', name="helper")
    said = f"Task failed ELB health checks in (target-group {GROUP})"
    assert (
        cause_of_task(task(said, container(143), broken, code="ServiceSchedulerInitiated")).name == "target-unhealthy"
    )


@pytest.mark.parametrize("code", ["EssentialContainerExited", ""])
def test_an_exit_code_is_terminal_only_for_the_one_container_that_failed(code: str) -> None:
    alone = task("", container(127), container(143, name="b"), code=code)
    beside = task("", container(127), container(1, name="b"), code=code)
    assert (cause_of_task(alone).name, cause_of_task(alone).weight) == ("command-not-found", Weight.TERMINAL)
    assert (cause_of_task(beside).name, cause_of_task(beside).weight) == ("command-not-found", Weight.REPEATING)


def test_nor_is_a_reason_where_another_container_failed_too() -> None:
    helper = container(127, f'{RUNC}exec: "x": executable file not found', name="helper")
    beside, alone = (task("", helper, container(code), code="EssentialContainerExited") for code in (1, 143))
    assert (cause_of_task(beside).name, cause_of_task(beside).weight) == ("command-not-found", Weight.REPEATING)
    assert cause_of_task(alone).weight is Weight.TERMINAL


def test_only_an_essential_container_brings_a_task_down() -> None:
    helper, crashed = (
        replace(container(127, name="helper"), defined=Defined("helper", is_essential=False)),
        container(1, name="b"),
    )
    by_signal, by_itself, missing = (
        cause_of_task(task("", helper, app, code="EssentialContainerExited"))
        for app in (container(143), crashed, container(127))
    )
    assert (by_signal.name, by_signal.weight) == ("terminated", Weight.REPEATING)
    assert (by_itself.name, by_itself.container) == ("exited", "b")
    assert (missing.container, missing.weight) == ("app", Weight.TERMINAL), "it isn't one of several that failed"
    alone = cause_of_task(task("", helper, code="EssentialContainerExited"))
    assert alone.name == "command-not-found", "what it is said to be needn't be so"


def test_a_command_may_come_to_be_in_a_volume() -> None:
    for code, said in ((127, ""), (None, f'{RUNC}exec: "/data/run": permission denied')):
        started = container(code, said)
        mounted = replace(started, defined=Defined("app", has_mounts=True))
        assert cause_of_task(task("", started)).weight is Weight.TERMINAL
        assert cause_of_task(task("", mounted)).weight is Weight.REPEATING
    scarce = replace(
        container(None, f"{PULL}no match for platform in manifest"), defined=Defined("app", has_mounts=True)
    )
    assert cause_of_task(task("", scarce)).weight is Weight.TERMINAL


def test_advice_names_no_part_of_what_is_hidden() -> None:
    hide = Masks([Secret("FILE", "s3://hush-hush/prod.env")]).hide
    said = "failed to download env files: s3://hush-hush/prod.env: 403 Forbidden"
    cause, other = (cause_of_task(task(f"{said} {more}")) for more in ("", "s3://others/prod.env"))
    assert "hush-hush" in cause.advice
    hidden = cause.hidden(hide)
    assert "hush-hush" not in f"{hidden.advice} {hidden!r}"
    assert other.hidden(hide).advice.endswith("(bucket others)")
    assert cause.hidden(str) == cause


def test_a_cause_in_our_own_words() -> None:
    assert brief(cause_of_task(task("", container(1)))) == "the container exited by itself (container app, exit code 1)"
    assert brief(cause_of_task(task("", container(), container(name="b")))) == "a task stopped, and ECS doesn't say why"
    assert cause_of_task(task("a: b", container(1, "b"))).reason == "a: b"
    assert cause_of_task(task("a", container(1, "b"))).reason == "a; b"


def crash(name: str, created: float, stopped: float, **changes: object) -> Task:
    crashed = task("", container(1), code="EssentialContainerExited", name=name, created=created, stopped=stopped)
    return replace(crashed, **changes)


def test_fifty_first_crashes_are_no_doom_and_the_replacement_of_one_is() -> None:
    first = [crash(str(n), created=n / 100, stopped=10 + n / 100) for n in range(50)]
    assert terminal_cause(first) is None
    late_first = crash("late", created=9.9, stopped=300)
    assert terminal_cause([*first, late_first]) is None
    replacement = crash("again", created=10, stopped=12)
    told = terminal_cause([replacement, *first])
    assert told is not None
    assert (told.name, told.task) == ("exited", replacement.arn)


def test_another_cause_is_no_repetition_and_a_third_task_repeats_one_of_them() -> None:
    secret = task("can't find the specified secret", name="1", code="TaskFailedToStart", stopped=10)
    image = task(f"{PULL}manifest unknown", name="2", code="TaskFailedToStart", created=20, stopped=30)
    assert [cause_of_task(one).weight for one in (secret, image)] == [Weight.REPEATING] * 2
    assert terminal_cause([secret, image]) is None
    for said, third in (
        ("can't find the specified secret", "secret-missing"),
        (f"{PULL}name unknown", "image-not-found"),
    ):
        told = terminal_cause([secret, image, task(said, name="3", code="TaskFailedToStart", created=40, stopped=50)])
        assert told is not None
        assert told.name == third


def test_a_repeated_cause_dooms_only_what_was_never_healthy_and_only_by_known_times() -> None:
    first, second = crash("1", 0, 10), crash("2", 20, 30)
    assert terminal_cause([first, second])
    assert terminal_cause([first, replace(second, health="HEALTHY")]) is None
    assert terminal_cause([replace(first, stopped_at=None), replace(second, stopped_at=None)]) is None
    assert terminal_cause([first, replace(second, created_at=None)]) is None
    assert terminal_cause([replace(first, stopped_at=first.created_at)]) is None
    assert terminal_cause([]) is None


def test_a_terminal_cause_dooms_at_once() -> None:
    other = task(f"{PULL}no match for platform in manifest", name="2", code="TaskFailedToStart")
    told = terminal_cause([crash("1", 0, 10), other])
    assert told is not None
    assert told.name == "wrong-platform"


def test_what_users_and_scaling_stop_is_no_evidence() -> None:
    assert not is_evidence(task("Scaling activity initiated by deployment ecs-svc/1", container(137)))
    assert is_evidence(task("", container(1)))


def test_causes_are_ranked_by_weight_tasks_first_then_by_number() -> None:
    tasks = [
        *(crash(str(n), 0, 10) for n in range(3)),
        task("", container(2), name="other", code="EssentialContainerExited"),
        task("Capacity is unavailable", name="none", code="TaskFailedToStart"),
        task(f"{PULL}manifest unknown", name="missing", code="TaskFailedToStart"),
        task("Task stopped by user", name="user", code="UserInitiated"),
    ]
    service = Service(
        name="shop", arn="", status="ACTIVE", desired=1, running=0, task_definition="shop:2", deployments=(),
        events=(
            event("(service shop) (deployment ecs-svc/0) deployment failed: alarm detected.", at=-1),
            event(f"(service shop) was unable to place a task. Reason: {PULL}manifest unknown.", at=1),
            event("(service shop) is unable to consistently start tasks successfully.", at=2),
            event("(service shop) (deployment ecs-svc/1) deployment failed: tasks failed to start.", at=2),
            event(f"(service shop) (task 1) is unhealthy in (target-group {GROUP}) due to (reason x).", at=3),
            event("(service shop) has reached a steady state.", at=4),
        ),
    )  # fmt: skip
    told = [(one.name, one.exit_code, one.count) for one in causes(service, tasks, T0.timestamp())]
    assert told == [
        ("exited", 1, 3), ("exited", 2, 1), ("image-not-found", None, 1), ("target-unhealthy", None, 1), ("capacity", None, 1),
    ]  # fmt: skip
    assert [one.name for one in causes(service, [], T0.timestamp())] == [
        "image-not-found", "launch-failed", "circuit-breaker", "target-unhealthy",
    ]  # fmt: skip
    assert causes(None, [], 0) == ()


def test_an_event_counts_with_a_task_and_the_task_is_shown() -> None:
    placed = cause_of_event(event("(service shop) was unable to place a task. Reason: RESOURCE:FARGATE"))
    stopped = cause_of_task(task("Capacity is unavailable", container(), container(name="b"), code="TaskFailedToStart"))
    assert placed is not None
    assert rank([placed, stopped]) == rank([stopped, placed]) == (replace(stopped, count=2),)


# Laws. Texts are made of what ECS says, cut and glued, and of anything else.
SAID = [one[1] for one in (*UNSTARTED, *EVENTS)] + [one[2] for one in STOPPED] + [one[4] for one in STOPPED]
pieces = st.builds(lambda text, cut: text[cut:], st.sampled_from(SAID), st.integers(0, 200))
texts = st.lists(pieces | st.text(max_size=40), max_size=3).map(" ".join)
codes = st.sampled_from(sorted({one[1] for one in STOPPED}))
exit_codes = st.none() | st.sampled_from([0, 1, 126, 127, 137, 139, 143]) | st.integers()
containers = st.builds(container, exit_codes, texts, st.sampled_from("ab"), st.sampled_from(["", "UNHEALTHY"]))
times = st.none() | st.integers(0, 50).map(lambda seconds: T0 + timedelta(seconds=seconds))
tasks = structs(
    Task, arn=st.sampled_from("123"), started_by=st.just(""), task_definition=st.just(""), status=st.just("STOPPED"),
    health=st.sampled_from(["", "HEALTHY", "UNHEALTHY"]), stop_code=codes, stopped_reason=texts, created_at=times,
    started_at=times, stopped_at=times, containers=st.lists(containers, max_size=3).map(tuple),
)  # fmt: skip


@given(st.lists(tasks, max_size=5), st.lists(texts, max_size=3))
def test_no_text_raises_and_the_ranking_is_stable(stopped: list[Task], messages: list[str]) -> None:
    told = [*map(cause_of_task, stopped), *(one for text in messages if (one := cause_of_event(event(text))))]
    ranked = rank(told)
    assert rank(ranked) == ranked
    assert [one.weight for one in ranked] == sorted((one.weight for one in ranked), key=list(Weight).index)
    assert len({one.key for one in ranked}) == len(ranked)
    assert all(one.weight is not Weight.NOT_EVIDENCE for one in ranked)
    assert {(one.name, one.count) for one in rank(reversed(told))} == {(one.name, one.count) for one in ranked}


@given(st.lists(tasks, max_size=5))
def test_doom_needs_a_terminal_cause_or_a_repetition(stopped: list[Task]) -> None:
    told = terminal_cause(stopped)
    causes = [cause_of_task(one) for one in stopped]
    if told is None:
        assert Weight.TERMINAL not in [cause.weight for cause in causes]
    else:
        assert told.weight in (Weight.TERMINAL, Weight.REPEATING)
        assert told.weight is Weight.TERMINAL or [cause.name for cause in causes].count(told.name) > 1


@given(st.lists(tasks, max_size=12))
def test_what_may_pass_never_dooms_however_often_it_happens(stopped: list[Task]) -> None:
    passing = [one for one in stopped if cause_of_task(one).weight in (Weight.TRANSIENT, Weight.NOT_EVIDENCE)]
    assert terminal_cause(passing) is None
    assert terminal_cause(passing * 3) is None


def test_of_a_task_that_ecs_stopped_the_unhealthy_container_is_the_culprit() -> None:
    """Whatever another one has for a reason: that one was stopped with it."""
    app = container(137, health="UNHEALTHY")
    sidecar = container(137, "something of its own", "sidecar", "UNKNOWN")
    stopped = task("Task failed container health checks", sidecar, app, code="ServiceSchedulerInitiated")
    assert cause_of_task(stopped).container == "app"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, "it broke"),
        ({"task": "t"}, "it broke: no reason given"),
        ({"task": "t", "reason": "Task failed"}, "it broke: Task failed"),
        ({"reason": "(service shop) was unable\x1b[31m", "stop_code": "TaskFailed\x07"}, "it broke: was unable [TaskFailed]"),
        ({"container": "app", "exit_code": 0, "reason": "x", "stop_code": "E"}, "it broke (container app, exit code 0): x [E]"),
    ],
)  # fmt: skip
def test_a_cause_in_one_line_has_our_words_and_then_awss_own(facts: dict[str, Any], told: str) -> None:
    assert describe(Cause(name="n", weight=Weight.TERMINAL, headline="it broke", do="mend it", **facts)) == told


def test_a_code_of_windows_is_shown_as_microsoft_lists_it() -> None:
    cause = cause_of_task(task("", container(-1073741515), code="EssentialContainerExited"))
    assert "exit code -1073741515 (0xC0000135)" in brief(cause)
    assert brief(cause_of_task(task("", container(255)))).endswith("(container app, exit code 255)")


@pytest.mark.parametrize(
    ("said", "advised"),
    [
        (f"{PULL}pull image manifest has been retried 1 time(s): failed to resolve ref {REPOSITORY}:2: {REPOSITORY}:2: not found", f"(image {REPOSITORY}:2)"),
        (f"{INIT}failed to create Cloudwatch log group: AccessDeniedException: User: arn:aws:sts::1:assumed-role/exec/1 is not authorized to perform: logs:CreateLogGroup on resource: arn:aws:logs:eu-west-1:1:log-group:/ecs/shop:log-stream:", "(action logs:CreateLogGroup, role exec, log group /ecs/shop)"),
        (f"{INIT}failed to download env files: s3://shop-config/prod.env: AccessDenied: status 403", "(bucket shop-config)"),
        ("Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-0a1b': InsufficientFreeAddressesInSubnet", "(subnet subnet-0a1b)"),
        (f'{RUNC}exec: "start.sh": executable file not found in $PATH', "(command start.sh)"),
        (f'{RUNC}exec: "./start.sh": stat ./start.sh: no such file or directory', "(command ./start.sh)"),
        (r'API error (400): process caused "exec: \"/run.sh\": permission denied": unknown', "(command /run.sh)"),
        (f'{RUNC}exec: "/": permission denied: unknown', "(command /)"),
        (f"{SECRETS}secret arn:aws:secretsmanager:eu-west-1:1:secret:prod/db-AbCdEf: AccessDeniedException", ""),
    ],
)  # fmt: skip
def test_the_advice_has_the_names_that_the_message_has_but_never_a_secrets(said: str, advised: str) -> None:
    cause = cause_of_task(task(said, code="TaskFailedToStart"))
    row = next(one for one in CATALOGUE if one.name == cause.name)
    assert cause.advice == f"{row.advice} {advised}".strip()
    assert "prod/db" not in cause.advice


@pytest.mark.parametrize(
    "said",
    [
        f"{RUNC}error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: Auto-detected mode as 'legacy'\nnvidia-container-cli: initialization error: driver rpc error: timed out: unknown",
        f"{RETRIEVAL}unable to get registry auth from asm: service call has been retried 1 time(s): asm fetching secret from the service for arn:aws:secretsmanager:eu-west-1:1:secret:login-a1: RequestError: ...",
        "CannotStartContainerError: API error (500): Cannot start container a1: failed to create endpoint shop on network bridge: Bind for 0.0.0.0:30",
        f"{PULL}ref pull has been retried 1 time(s): context canceled",
    ],
)
def test_what_may_pass_proves_nothing_wherever_it_ends(said: str) -> None:
    for end in range(1, len(said) + 1):
        part = cause_of_task(task("Task failed to start", container(reason=said[:end]), code="TaskFailedToStart"))
        assert part.weight is Weight.TRANSIENT, (part.name, said[:end])


@pytest.mark.parametrize("said", [f"{PULL}odd error...", f"{PULL}odd error…", f"{PULL}odd error".ljust(255, "x")])
def test_what_ecs_cut_off_is_said_to_be_and_proves_nothing_by_itself(said: str) -> None:
    cut = cause_of_task(task("Task failed to start", container(reason=said), code="TaskFailedToStart"))
    assert describe(replace(cut, reason=said)).endswith("(ECS cut this off: it may be more)")
    assert (cut.name, cut.weight) == ("pull-failed", Weight.TRANSIENT)
    assert cause_of_task(task(said + ".more", code="TaskFailedToStart")).weight is Weight.REPEATING


@pytest.mark.parametrize(
    ("said", "weight"),
    [
        (f"{PULL}pull image manifest has been retried 5 time(s): failed to resolve ref", Weight.TRANSIENT),
        (f'{PULL}failed to resolve ref docker.io/shop:1: failed to do request: Head "https://registry-1', Weight.TRANSIENT),
        (f"{INIT}unable to", Weight.TRANSIENT),
        (f"{INIT}unable to pu", Weight.TRANSIENT),
        (f"{INIT}unable to boot it", Weight.REPEATING),
        (f"{PULL}failed to do request: its answer was odd", Weight.REPEATING),
    ],
)  # fmt: skip
def test_what_so_far_has_only_words_with_which_what_passes_begins_proves_nothing(said: str, weight: Weight) -> None:
    for case in (str, str.upper):
        assert cause_of_task(task(case(said), code="TaskFailedToStart")).weight is weight
        by_container = task("Task failed to start", container(reason=case(said)), code="TaskFailedToStart")
        assert cause_of_task(by_container).weight is weight


def test_a_container_that_never_ran_is_not_to_blame_for_an_exit() -> None:
    app, sidecar = container(0, name="app"), container(reason=f"{PULL}403 Forbidden", name="sidecar")
    exited = task("Essential container in task exited", sidecar, app, code="EssentialContainerExited")
    assert cause_of_task(exited).container == "sidecar", "its reason tells more than an end without an error"
    crashed = replace(exited, containers=(sidecar, container(1, name="app")))
    assert (cause_of_task(crashed).container, cause_of_task(crashed).name) == ("app", "exited")
    agent = container(reason=f"{PULL}403 Forbidden", name="aws-guardduty-agent-x")
    assert cause_of_task(replace(exited, containers=(agent, app))).name == "ended"


def unattached(reason: str, kind: str = "AmazonElasticBlockStorage", status: str = "FAILED") -> Attachment:
    return Attachment(
        kind, status, (Detail("volumeName", "data"), *([Detail("statusReason", reason)] if reason else []))
    )


ROLE_OF_VOLUMES = (
    "ECS was unable to assume the configured ECS Infrastructure Role 'arn:aws:iam::1:role/x'. Please verify that the role "
    "being passed has the proper trust relationship with Amazon ECS"
)


@pytest.mark.parametrize(
    ("name", "said", "attachment"),
    [
        # as the status reasons of the developer guide
        ("infrastructure-role", "Task failed to start", unattached(ROLE_OF_VOLUMES)),
        ("infrastructure-role", "Task failed to start", unattached(ROLE_OF_VOLUMES, status="DELETED")),
        ("volume", "Task failed to start", unattached("ECS timed out while configuring the EBS volume attachment to your Task")),
        ("volume-refused", "Task failed to start", unattached("ECS failed to set up the EBS volume. Encountered IdempotentParameterMismatch")),
        ("volume-refused", "Task failed to start", unattached(f"ECS failed to set up the EBS volume. UnauthorizedOperation {ROLE}")),
        ("volume", "Task failed to start", unattached("")),
        ("network-interface", "Task failed to start", unattached("", "ElasticNetworkInterface")),
        # a task that waited for it in vain, or for another thing, and one that says better what it was
        ("infrastructure-role", "Timeout waiting for EBS volume attachment", unattached(ROLE_OF_VOLUMES)),
        ("volume", "Timeout waiting for EBS volume attachment", unattached("")),
        ("image-not-found", f"{PULL}x: manifest unknown", unattached(ROLE_OF_VOLUMES)),
        # nothing failed
        ("not-started", "Task failed to start", Attachment("ElasticNetworkInterface", "DELETED")),
        ("not-started", "Task failed to start", Attachment("Service Connect", "ATTACHED", (Detail("portName", "EBS volume"),))),
    ],
)  # fmt: skip
def test_what_could_not_be_attached_tells_why(name: str, said: str, attachment: Attachment) -> None:
    cause = cause_of_task(replace(task(said, code="TaskFailedToStart"), attachments=(attachment,)))
    assert (cause.name, cause.weight) == (name, WEIGHT[name])
    assert cause.reason == "; ".join(filter(None, (said, attachment.reason)))


def test_a_reason_is_told_once_wherever_it_stands() -> None:
    twice = (unattached("no role"), unattached("no role"))
    failed = replace(task("it has no role", container(reason="role"), code="TaskFailedToStart"), attachments=twice)
    assert cause_of_task(failed).reason == "it has no role"


def test_a_digest_that_the_task_definition_names_may_still_be_replicated() -> None:
    said = f"{PULL}failed to resolve ref {REPOSITORY}:2@sha256:11f7: {REPOSITORY}:2@sha256:11f7: not found"

    def told(image: str) -> Weight:
        pulled = replace(container(reason=said), image=image)
        return cause_of_task(task("Task failed to start", pulled, code="TaskFailedToStart")).weight

    assert told(f"{REPOSITORY}:2") is Weight.TERMINAL, "ECS took the digest from the tag"
    assert told(f"{REPOSITORY}:2@sha256:11f7") is Weight.REPEATING
    assert told("") is Weight.REPEATING
    by_event = cause_of_event(event(f"(service shop) was unable to place a task. Reason: {said}."))
    assert by_event is not None
    assert by_event.weight is Weight.REPEATING


def test_what_other_sources_say_is_hidden_too() -> None:
    cause = replace(cause_of_task(task("", container(1))), evidence=("alarm hunter2 went off", "as before"))
    hidden = cause.hidden(lambda text: text.replace("hunter2", "***"))
    assert hidden.evidence == ("alarm *** went off", "as before")
    assert (hidden.advice, hidden.reason) == (cause.advice, cause.reason)
