"""GitLab: links beside the job's log, whose labels are the answer.

The report, and its limits (80 KB, 1000 links): https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsannotations
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.output.ci import answer

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report.report import Report

MOST_LINKS = 50
LABEL = 200
"""Characters of a label: 50 of them and 50 links of at most 1 KB stay below the limit."""


def links(report: Report) -> str:
    """For `artifacts:reports:annotations`: the verdict and every service, each with its page in the AWS console."""
    labelled = [(answer.headline(report), answer.cluster_link(report))]
    labelled += [(f"{row.service}: {row.verdict}, runs {row.standing}", row.link) for row in answer.rows(report)]
    shown = [{"external_link": {"label": safe(label, LABEL), "url": url}} for label, url in labelled[:MOST_LINKS]]
    return json.dumps({"drone-deploy-ecs": shown}, indent=2) + "\n"
