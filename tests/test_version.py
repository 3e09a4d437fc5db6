import re

import drone_deploy_ecs


def test_the_version_is_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", drone_deploy_ecs.__version__)
