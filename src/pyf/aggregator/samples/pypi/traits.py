"""What a generated project says of itself: classifiers and the ``info`` object."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from trove_classifiers import sorted_classifiers

from .model import Info
from .rng import pick, seeded_random
from .texts import CONTENT_TYPES, Texts
from .words import (
    AUDIENCES,
    DEPENDENCIES,
    LICENSES,
    NOUNS,
    ORGANIZATIONS,
    PEOPLE,
    STATUSES,
    TEST_DEPENDENCIES,
    TOPICS,
)

_REQUIRES_PYTHON = {
    2017: (">=2.7", "!=3.0.*,!=3.1.*,>=2.7", None),
    2020: (">=3.5", ">=3.6", ">=2.7, !=3.0.*", None),
    2023: (">=3.7", ">=3.8", ">=3.8,<4.0", None),
    2100: (">=3.9", ">=3.10", ">=3.11", "<4,>=3.10"),
}


_YEAR_SECONDS = 31_556_952


def _year(created: float) -> int:
    # Off by a day at most, and a tenth of what a datetime costs.
    return 1970 + int(created // _YEAR_SECONDS)


@dataclass(frozen=True, slots=True)
class ProjectTraits:
    """What stays the same over all releases of a project."""

    seed: int
    license: tuple[str | None, str | None, str | None]
    classifiers: tuple[str, ...]
    framework: str | None
    children_only: bool

    @classmethod
    def draw(cls, seed: int, framework: str | None) -> ProjectTraits:
        """Return the traits of a project; ``framework`` is its classifier family, if any."""
        rng = seeded_random(seed)
        licence = LICENSES[int(rng.random() * len(LICENSES))]
        bare = framework is None and rng.random() < 0.12
        chosen = [] if bare else [pick(rng, STATUSES), pick(rng, AUDIENCES), pick(rng, TOPICS)]
        if licence[2] and not bare:
            chosen.append(licence[2])
        return cls(seed, licence, tuple(chosen), framework, rng.random() < 0.05)


@lru_cache(maxsize=64)
def family_of(framework: str) -> tuple[str, ...]:
    """Return the known classifiers below a framework's, in their usual order."""
    return tuple(each for each in sorted_classifiers if each.startswith(f"{framework} :: "))


@lru_cache(maxsize=256)
def _pythons(year: int) -> tuple[str, ...]:
    newest = max(4, min(14, year - 2012))
    known = [f"Programming Language :: Python :: 3.{minor}" for minor in range(newest - 2, newest)]
    old = ["Programming Language :: Python :: 2.7"] if year < 2019 else []
    return ("Programming Language :: Python", "Programming Language :: Python :: 3", *old, *known)


def classifiers_at(
    traits: ProjectTraits, created: float, progress: float, dropped: bool
) -> tuple[str, ...]:
    """Return the classifiers of a release, sorted as the index shows them.

    ``progress`` is 0 for the first and 1 for the last release of the project; ``dropped``
    leaves the framework family out.
    """
    year = _year(created)
    framework = None if dropped else traits.framework
    if framework is None and not traits.classifiers:
        return ()
    return _assemble_classifiers(
        traits.classifiers, year, framework, _step(traits, framework, progress)
    )


def _step(traits: ProjectTraits, framework: str | None, progress: float) -> int:
    """Return which child the release carries: its place, -1 for none; bit 16: only that."""
    children = family_of(framework) if framework else ()
    if not children:
        return -1
    if not traits.children_only and traits.seed % 4 == 0:
        return -1
    place = int((traits.seed % 7 / 7 + progress) / 2 * len(children)) % len(children)
    return place | (1 << 16 if traits.children_only else 0)


@lru_cache(maxsize=16_384)
def _assemble_classifiers(
    chosen: tuple[str, ...], year: int, framework: str | None, step: int
) -> tuple[str, ...]:
    family = []
    if framework is not None:
        only = step >= 0 and step >> 16
        family = [] if only else [framework]
        family += [] if step < 0 else [family_of(framework)[step & 0xFFFF]]
    return tuple(sorted({*chosen, *_pythons(year), *family}))


def requires_python_at(traits: ProjectTraits, created: float) -> str | None:
    """Return what a release of that time asks of Python."""
    choices = _requirements(_year(created))
    return choices[traits.seed % len(choices)]


@lru_cache(maxsize=64)
def _requirements(year: int) -> tuple[str | None, ...]:
    return next(choices for until, choices in _REQUIRES_PYTHON.items() if year <= until)


def metadata(
    traits: ProjectTraits, texts: Texts, name: str, created: float, versions: tuple[str, ...]
) -> Info:
    """Return what a release says of itself; ``versions`` its own and older ones, newest first.

    The keys are those of the ``info`` object that an uploader decides on.
    """
    rng = seeded_random(traits.seed + 1)
    summary, form = texts.summary(rng), _form(rng)
    info: Info = {
        "summary": summary,
        "description_content_type": pick(rng, CONTENT_TYPES[form]),
        "keywords": _keywords(rng),
        "license": traits.license[0],
        "license_expression": traits.license[1],
        "license_files": ["LICENSE"] if traits.license[1] else None,
        "requires_python": requires_python_at(traits, created),
        "platform": None if rng.random() < 0.9 else "any",
        "dynamic": None if rng.random() < 0.9 else ["Version"],
        **_people(rng),
        **_links(rng, name),
        **_dependencies(rng, traits),
    }
    release = seeded_random((traits.seed + 1) * 7919 + len(versions[0]) + int(created))
    info["description"] = texts.description(release, name, form, versions[:8])
    return info


def _form(rng: Random) -> str:
    draw = rng.random()
    return "md" if draw < 0.55 else "rst" if draw < 0.88 else "txt" if draw < 0.97 else "html"


def _keywords(rng: Random) -> str | None:
    draw = rng.random()
    if draw < 0.3:
        return None if draw < 0.2 else ""
    words = [pick(rng, NOUNS) for _ in range(1 + int(rng.random() * 6))]
    if draw < 0.6:
        return ", ".join([*words, "content management"])
    return ",".join(words) if draw < 0.8 else " ".join(words)


def _people(rng: Random) -> Info:
    name, login = pick(rng, PEOPLE)
    second, second_login = pick(rng, PEOPLE)
    mail, domain = f"{login}@mail.example", pick(rng, ORGANIZATIONS)
    draw = rng.random()
    if draw < 0.25:
        author: tuple[str | None, str | None] = (None, f"{name.split()[0]} <{mail}>")
    elif draw < 0.35:
        author = (f"{name}, {second}", f"{mail}, {second_login}@{domain}.example")
    elif draw < 0.4:
        author = (name, "see the homepage")
    elif draw < 0.45:
        author = ("", "")
    else:
        author = (name, mail)
    keeper = (second, f"{second_login}@{domain}.example") if draw > 0.85 else (None, None)
    return {
        "author": author[0],
        "author_email": author[1],
        "maintainer": keeper[0],
        "maintainer_email": keeper[1],
    }


def _links(rng: Random, name: str) -> Info:
    repository = f"https://github.com/{pick(rng, ORGANIZATIONS)}/{name}"
    home = (repository, f"https://{name.lower()}.example/", "", None)[int(rng.random() * 4)]
    draw = rng.random()
    urls = {"Homepage": home} if home else {}
    if draw > 0.3:
        label = ("Source", "Repository", "source code", "GitHub")[int(rng.random() * 4)]
        urls |= {label: f"{repository}.git" if draw > 0.95 else repository}
    if draw > 0.6:
        urls |= {"Issue Tracker": f"{repository}/issues", "Documentation": f"{repository}#readme"}
    if draw > 0.85:
        urls |= {"Changelog": f"{repository}/blob/main/CHANGES.md"}
    return {
        "home_page": home,
        "project_urls": urls or None,
        "download_url": "" if draw < 0.4 else None,
        "docs_url": None,
    }


def _dependencies(rng: Random, traits: ProjectTraits) -> Info:
    first = int(rng.random() * len(DEPENDENCIES))
    needed = [*DEPENDENCIES, *DEPENDENCIES][first : first + int(rng.random() ** 2 * 9)]
    if traits.framework and rng.random() < 0.8:
        needed.insert(0, traits.framework.split(" :: ")[1].replace(" ", "-"))
    extras = ["test"] if rng.random() < 0.3 else []
    needed += TEST_DEPENDENCIES if extras else ()
    return {"requires_dist": needed or None, "provides_extra": extras or None}


def owners_of(seed: int) -> tuple[tuple[str, ...], str | None]:
    """Return the logins of a project's owners, and its organization if it has one."""
    logins = tuple(dict.fromkeys(PEOPLE[(seed >> shift) % len(PEOPLE)][1] for shift in (0, 5)))
    return logins, ORGANIZATIONS[seed % 5] if seed % 11 == 0 else None
