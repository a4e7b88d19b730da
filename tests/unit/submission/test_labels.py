import pytest

from dtf.submission.git import GitState
from dtf.submission.labels import ci_labels, labels

ENVIRONMENTS = {
    "github": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SHA": "abc",
        "GITHUB_REF_NAME": "main",
        "GITHUB_HEAD_REF": "",
        "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "o/r",
    },
    "gitlab": {"GITLAB_CI": "1", "CI_COMMIT_SHA": "abc", "CI_COMMIT_REF_NAME": "main", "CI_PIPELINE_ID": "7"},
    "jenkins": {"JENKINS_URL": "http://j", "GIT_COMMIT": "abc", "GIT_BRANCH": "main", "BUILD_NUMBER": "7"},
    "azure": {
        "TF_BUILD": "True",
        "BUILD_SOURCEVERSION": "abc",
        "BUILD_SOURCEBRANCHNAME": "main",
        "BUILD_BUILDID": "7",
        "SYSTEM_COLLECTIONURI": "https://dev.azure.com/o/",
        "SYSTEM_TEAMPROJECT": "p",
    },
    "circleci": {"CIRCLECI": "true", "CIRCLE_SHA1": "abc", "CIRCLE_BRANCH": "main", "CIRCLE_BUILD_NUM": "7"},
    "bitbucket": {"BITBUCKET_BUILD_NUMBER": "7", "BITBUCKET_COMMIT": "abc", "BITBUCKET_BRANCH": "main"},
    "teamcity": {
        "TEAMCITY_VERSION": "2026",
        "BUILD_VCS_NUMBER": "abc",
        "TEAMCITY_BUILD_BRANCH": "main",
        "BUILD_NUMBER": "7",
    },
    "travis": {"TRAVIS": "true", "TRAVIS_COMMIT": "abc", "TRAVIS_BRANCH": "main", "TRAVIS_BUILD_ID": "7"},
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_ci_system_is_known_by_its_variables(name: str) -> None:
    """Revision, branch and build come from the variables of the system that runs the build."""
    found = ci_labels(ENVIRONMENTS[name])
    assert {key: found[key] for key in ("ci", "revision", "branch", "build")} == {
        "ci": name,
        "revision": "abc",
        "branch": "main",
        "build": "7",
    }


def test_the_page_of_a_build_is_put_together() -> None:
    """GitHub and Azure give the parts of the address."""
    assert ci_labels(ENVIRONMENTS["github"])["build_url"] == "https://github.com/o/r/actions/runs/7"
    assert ci_labels(ENVIRONMENTS["azure"])["build_url"] == "https://dev.azure.com/o/p/_build/results?buildId=7"


def test_nothing_is_made_up_outside_of_ci() -> None:
    """No variables, no labels."""
    assert ci_labels({"HOME": "/root", "BUILD_NUMBER": "7"}) == {}


def test_git_outweighs_the_ci_and_the_user_outweighs_both() -> None:
    """What git says of the files is what ran; a detached head leaves the branch to the CI."""
    git = GitState(revision="def", branch="", dirty=True)
    found = labels(ENVIRONMENTS["github"], git, "p", {"build": "mine"})
    assert found["revision"] == "def"
    assert found["branch"] == "main"
    assert found["dirty"] == "true"
    assert found["build"] == "mine"
