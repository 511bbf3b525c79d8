"""Addresses on GitHub, GitLab, Codeberg and Bitbucket, in all the forms that metadata has them in.

``git+https``, ``ssh``, ``git@host:owner/name``, ``.git``, revisions, fragments, trees, archives,
raw files, addresses without a scheme or with spaces in them, several in one text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal
from urllib.parse import unquote

from ..names import normalize_name

Forge = Literal["github", "gitlab", "codeberg", "bitbucket"]


class LinkPurpose(IntEnum):
    """What a link is for; the lower, the more it tells about where the code is."""

    SOURCE = 1
    HOME = 2
    ALMOST_SOURCE = 3
    """Its label speaks of a source, a repository, GitHub, among other things."""
    ISSUES = 4
    PAGES = 5
    """Documentation, changelog, releases, ...: mostly in the repository that is wanted."""
    OTHER = 6
    """Counts where the repository is called as the project is."""


@dataclass(frozen=True, slots=True)
class RepositoryAddress:
    """A repository by its place. GitLab's ``owner`` may have several parts (groups)."""

    forge: Forge
    host: str
    owner: str
    name: str

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"

    @property
    def url(self) -> str:
        """Its page."""
        return f"https://{self.host}/{self.full_name}"

    @property
    def key(self) -> str:
        """The same for all spellings: forges tell no upper from lower case."""
        return f"{self.host}/{self.full_name}".lower()


@dataclass(frozen=True, slots=True)
class RepositoryMatches:
    """What a text names; ``is_malformed`` when it leads to a forge but to no repository."""

    repositories: tuple[RepositoryAddress, ...] = ()
    is_malformed: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SOURCE = _words(
    "source sources sourcecode sourcerepository sourcerepo code codebase repository repositories "
    "repo github githubrepository githubrepo githubpage githubproject githuburl git gitrepo "
    "gitrepository gitlab codeberg bitbucket vcs scm development developmentrepository "
    "coderepository repositoryurl sourceurl projectrepository "
    "código codigo códigofonte repositorio repositório quellcode quelltext codesource dépôt "
    "源码 源代码 代码 代码仓库 仓库 ソースコード リポジトリ"
)
_HOME = _words("home homepage website webpage site project projectpage projecturl url")
_ISSUES = _words(
    "issue issues bug bugs tracker issuetracker issuestracker bugtracker bugstracker bugreport "
    "bugreports reportissues reportbugs support"
)
_OWN_PAGES = re.compile(
    r"docs?$|document|manual|guide|readme|wiki|faq|change|history|news|release|version|download"
    r"|tarball|continuousintegration|^ci|build|test|coverage|workflow|action|discussion|contribut"
    r"|licen[cs]e|security|citation|cite|roadmap|issue|bug|support"
)
"""Labels of pages that mostly lie within the project's own repository."""
_NOT_ITS_OWN = re.compile(
    r"author|maintainer|organi[sz]ation|company|fund|sponsor|donat|patreon|liberapay|upstream"
    r"|template|inspir|credit|parentproject|dependenc|basedon|fork|contact|profile|twitter|mastodon"
    r"|example|demo|tutorial|sample"
)
"""Labels of links that may well lead to a repository, but to another project's."""
_ALMOST_SOURCE = re.compile(r"source|repo(?!rt)|github|gitlab")

_HOSTS = re.compile(
    r"(?<![\w.-])(?<![^:/\s]/)(?:www\.|ssh\.|git\.)?"
    r"(?P<host>github\.com|raw\.githubusercontent\.com|raw\.github\.com|codeload\.github\.com|"
    r"api\.github\.com/repos|codeberg\.org|bitbucket\.org|api\.bitbucket\.org/2\.0/repositories|"
    r"(?:[\w-]+\.)*[\w-]*gitlab[\w-]*(?:\.[\w-]+)+)"
    r"(?=[:/])(?::\d+(?=/))?[:/]+(?P<path>[^\r\n\"'<>;,|]*(?:<[^>]*>[^\r\n\"';,|]*)*)",
    re.IGNORECASE,
)
_GITHUB = ("github.com", "githubusercontent.com", "api.github.com/repos")
_NO_REPOSITORY = re.compile(
    r"\.gitlab\.io$|^(docs|about|forum|status|packages|registry)\.gitlab"
    r"|(?:^|\.)(?:example\.(?:com|net|org)|example|invalid|test|localhost)$"
)
"""Pages about a forge, and names that stand for no real one (RFC 2606)."""

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")
_PART = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}")
_ENDS_IN = ".,;:!)>]}'\"`"

_RESERVED = _words(
    "about account advisories apps blog codespaces collections contact copilot customer-stories "
    "dashboard discussions enterprise enterprises events explore features gist git-guides "
    "github-copilot images issues join login logout marketplace mcp mobile models new news "
    "newsletter notifications open-source organizations orgs premium-support pricing pulls readme "
    "resources search security sessions settings signup site solutions sponsors stars support "
    "team topics trending user-attachments users watching"
)
"""First parts of GitHub's own addresses; nobody can be called so."""
_RESERVED_ELSEWHERE = _words(
    "- admin dashboard explore groups help profile projects public snippets api account product "
    "repo workspace"
)
_PLACEHOLDERS = re.compile(
    r"(?:your|my|the)?[-_]?(?:git|github|gitlab|bitbucket)?[-_]?(?:user|username|name|org|orgname|"
    r"organi[sz]ation|account|owner|handle|company|team)?(?:[-_]?(?:name|here))?",
    re.IGNORECASE,
)
_PLACEHOLDER_WORDS = _words(
    "user username owner org organization organisation example example-org exampleorg examples "
    "yourname yourusername yourorg youruser yourgithub placeholder todo tbd xxx xxxx none "
    "author changeme someone foo"
)
_SAMPLES = {"pypa/sampleproject", "pypa/example-project", "octocat/hello-world"}
"""What templates and tutorials name; whoever copies them rarely means them."""
_TRACKERS_ALONE = _words("support issues issue-tracker bugs feedback tracker bugtracker")
"""Repositories for reports only; the code is somewhere else."""


def link_purpose(label: str) -> LinkPurpose | None:
    """What a link of that label is for; None for one that speaks of somebody else's code."""
    word = re.sub(r"[\W_]+", "", label.lower())
    if word in _SOURCE:
        return LinkPurpose.SOURCE
    if word in _HOME:
        return LinkPurpose.HOME
    if word in _ISSUES:
        return LinkPurpose.ISSUES
    if _NOT_ITS_OWN.search(word):
        return None
    if _ALMOST_SOURCE.search(word):
        return LinkPurpose.ALMOST_SOURCE
    return LinkPurpose.PAGES if _OWN_PAGES.search(word) else LinkPurpose.OTHER


def find_repositories(
    text: str, purpose: LinkPurpose = LinkPurpose.SOURCE, project: str = ""
) -> RepositoryMatches:
    """Find the repositories that a text names; ``project`` is the one that it belongs to.

    Spaces and percent signs in an address do no harm where they leave no doubt what is meant.
    """
    found: list[RepositoryAddress] = []
    is_malformed = False
    for match in _HOSTS.finditer(unquote(text).replace("\\", "/").strip()):
        host = match["host"].lower()
        if _NO_REPOSITORY.search(host):
            continue
        parts = _parts(match["path"], host)
        repository = _repository(host, parts)
        if repository is None or _is_placeholder(repository, project):
            is_malformed |= bool(parts) and not _is_reserved(host, parts[0])
        elif _is_own_code(repository, purpose, project):
            found.append(repository)
    return RepositoryMatches(tuple(found), is_malformed and not found)


def _is_own_code(repository: RepositoryAddress, purpose: LinkPurpose, project: str) -> bool:
    """Whether a link for that purpose leads to the project's own code."""
    if purpose is LinkPurpose.OTHER:
        return _are_names_alike(repository.name, project)
    return purpose < LinkPurpose.ISSUES or repository.name.lower() not in _TRACKERS_ALONE


def _are_names_alike(name: str, project: str) -> bool:
    """Whether one name is the other, or begins or ends with it (``python-foo``, ``foo-py``)."""
    short, long = sorted((normalize_name(name), normalize_name(project)), key=len)
    return len(short) > 1 and (long.startswith(short) or long.endswith(short))


def _is_reserved(host: str, first: str) -> bool:
    return first.lower() in (_RESERVED if host.endswith(_GITHUB) else _RESERVED_ELSEWHERE)


def _parts(path: str, host: str) -> list[str]:
    """The parts of a path up to where a page within the repository begins, as they stand."""
    bare = re.split(r"[?#]", path, maxsplit=1)[0]
    bare = re.split(r"\s+(?=https?:|[#(\[/]|$)|\s*$|/-(?:/|$)", bare, maxsplit=1)[0]
    parts = [part.strip() for part in bare.split("/")]
    parts = [part for part in parts if part]
    return parts if "gitlab" in host else parts[:2]


def _repository(host: str, parts: list[str]) -> RepositoryAddress | None:
    if len(parts) < 2 or _is_reserved(host, parts[0]):
        return None
    if host.endswith(_GITHUB):
        return _plain("github", "github.com", parts)
    if host.startswith(("bitbucket", "api.bitbucket")):
        return _plain("bitbucket", "bitbucket.org", parts)
    if host == "codeberg.org":
        return _plain("codeberg", host, parts)
    return _gitlab_repository(host, parts)


def _plain(forge: Forge, host: str, parts: list[str]) -> RepositoryAddress | None:
    owner, name = parts[0], _name(parts[1])
    if not (_OWNER.fullmatch(owner) and _PART.fullmatch(name)) or name in (".", ".."):
        return None
    return RepositoryAddress(forge, host, owner, name)


_WITHIN_GITLAB = _words(
    "tree blob raw issues commits commit wikis tags releases archive merge_requests blame pipelines"
)


def _gitlab_repository(host: str, parts: list[str]) -> RepositoryAddress | None:
    """GitLab: groups in groups, then the repository; old addresses have no ``/-/`` behind it."""
    end = next((i for i, part in enumerate(parts) if i > 1 and part in _WITHIN_GITLAB), len(parts))
    *groups, last = parts[:end]
    name = _name(last)
    if not groups or not all(map(_PART.fullmatch, (*groups, name))):
        return None
    return RepositoryAddress("gitlab", host, "/".join(groups), name)


def _name(part: str) -> str:
    """The name without what may follow it: a revision, ``.git``, the end of a sentence."""
    name = part.split("@", 1)[0].rstrip(_ENDS_IN)
    return re.sub(r"(\.git)+$", "", name, flags=re.IGNORECASE)


def _is_placeholder(repository: RepositoryAddress, project: str) -> bool:
    if repository.full_name.lower() in _SAMPLES:
        return normalize_name(repository.name) != normalize_name(project)
    owner = repository.owner.lower()
    return owner in _PLACEHOLDER_WORDS or _is_made_up(owner)


def _is_made_up(owner: str) -> bool:
    """``your-org``, ``my_username``, ...: a word for you and one for a name."""
    return owner.startswith(("your", "my-", "my_")) and bool(_PLACEHOLDERS.fullmatch(owner))
