"""What a run is labelled with: revision, branch, project and CI build."""

from collections.abc import Mapping
from dataclasses import dataclass

from dtf.submission.git import GitState

_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ci:
    """A CI system's variables; each label is the first format whose variables are all there.

    Attributes:
        sign: The variable that tells that a build runs under it.
        revision: For the commit.
        branch: For the branch.
        build: For the build's number.
        build_url: For its page.
        project: For the project.
    """

    sign: str
    revision: tuple[str, ...]
    branch: tuple[str, ...]
    build: tuple[str, ...]
    build_url: tuple[str, ...]
    project: tuple[str, ...]


_SYSTEMS = {
    "github": _Ci(
        sign="GITHUB_ACTIONS",
        revision=("{GITHUB_SHA}",),
        branch=("{GITHUB_HEAD_REF}", "{GITHUB_REF_NAME}"),
        build=("{GITHUB_RUN_ID}",),
        build_url=("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",),
        project=("{GITHUB_REPOSITORY}",),
    ),
    "gitlab": _Ci(
        sign="GITLAB_CI",
        revision=("{CI_COMMIT_SHA}",),
        branch=("{CI_COMMIT_REF_NAME}",),
        build=("{CI_PIPELINE_ID}", "{CI_JOB_ID}"),
        build_url=("{CI_JOB_URL}", "{CI_PIPELINE_URL}"),
        project=("{CI_PROJECT_PATH}",),
    ),
    "jenkins": _Ci(
        sign="JENKINS_URL",
        revision=("{GIT_COMMIT}",),
        branch=("{CHANGE_BRANCH}", "{BRANCH_NAME}", "{GIT_BRANCH}"),
        build=("{BUILD_NUMBER}",),
        build_url=("{BUILD_URL}",),
        project=("{JOB_NAME}",),
    ),
    "azure": _Ci(
        sign="TF_BUILD",
        revision=("{BUILD_SOURCEVERSION}",),
        branch=("{SYSTEM_PULLREQUEST_SOURCEBRANCH}", "{BUILD_SOURCEBRANCHNAME}"),
        build=("{BUILD_BUILDID}",),
        build_url=("{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",),
        project=("{BUILD_REPOSITORY_NAME}", "{SYSTEM_TEAMPROJECT}"),
    ),
    "circleci": _Ci(
        sign="CIRCLECI",
        revision=("{CIRCLE_SHA1}",),
        branch=("{CIRCLE_BRANCH}",),
        build=("{CIRCLE_BUILD_NUM}",),
        build_url=("{CIRCLE_BUILD_URL}",),
        project=("{CIRCLE_PROJECT_USERNAME}/{CIRCLE_PROJECT_REPONAME}",),
    ),
    "bitbucket": _Ci(
        sign="BITBUCKET_BUILD_NUMBER",
        revision=("{BITBUCKET_COMMIT}",),
        branch=("{BITBUCKET_BRANCH}",),
        build=("{BITBUCKET_BUILD_NUMBER}",),
        build_url=("https://bitbucket.org/{BITBUCKET_REPO_FULL_NAME}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",),
        project=("{BITBUCKET_REPO_FULL_NAME}",),
    ),
    "teamcity": _Ci(
        sign="TEAMCITY_VERSION",
        revision=("{BUILD_VCS_NUMBER}",),
        branch=("{TEAMCITY_BUILD_BRANCH}",),
        build=("{BUILD_NUMBER}",),
        build_url=("{BUILD_URL}",),
        project=("{TEAMCITY_PROJECT_NAME}",),
    ),
    "travis": _Ci(
        sign="TRAVIS",
        revision=("{TRAVIS_COMMIT}",),
        branch=("{TRAVIS_PULL_REQUEST_BRANCH}", "{TRAVIS_BRANCH}"),
        build=("{TRAVIS_BUILD_ID}",),
        build_url=("{TRAVIS_BUILD_WEB_URL}",),
        project=("{TRAVIS_REPO_SLUG}",),
    ),
}


def ci_labels(environ: Mapping[str, str]) -> dict[str, str]:
    """The labels that a CI system's variables give; empty outside of one."""
    for name, system in _SYSTEMS.items():
        if environ.get(system.sign):
            found = {
                "revision": _first(system.revision, environ),
                "branch": _first(system.branch, environ),
                "build": _first(system.build, environ),
                "build_url": _first(system.build_url, environ),
                "project": _first(system.project, environ),
            }
            return {"ci": name} | {label: value for label, value in found.items() if value}
    return {}


def labels(environ: Mapping[str, str], git: GitState | None, project: str, own: Mapping[str, str]) -> dict[str, str]:
    """All labels of a run: git's, then the CI's where git is silent, then the user's own over both."""
    found = {"project": project} | ci_labels(environ)
    if git is not None:
        told = {"revision": git.revision, "branch": git.branch, "dirty": "true" if git.dirty else ""}
        found |= {label: value for label, value in told.items() if value}
    return {label: value[:_LONGEST] for label, value in (found | dict(own)).items()}


def _first(formats: tuple[str, ...], environ: Mapping[str, str]) -> str:
    present = {name: value for name, value in environ.items() if value}
    for text in formats:
        try:
            return text.format_map(present)
        except KeyError:  # a variable of it is not set
            continue
    return ""
