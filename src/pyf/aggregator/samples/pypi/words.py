# ruff: noqa: SIM905 - as lists of strings the words would fill a thousand lines
"""The vocabulary of the generated catalogue: invented people, plain words, usual licences."""

from __future__ import annotations

NOUNS = tuple(
    """
    account address agenda album alert archive article asset audio badge banner basket beacon
    billing binder blog board booking border bridge browser bucket budget cache calendar camera
    canvas captcha carousel cart catalog chart chat checklist choice chunk client clock cluster
    column comment compass config contact content contract cookie counter course crawler cursor
    dashboard dataset deck delivery dialog diary digest directory document domain download draft
    editor email engine event export facet feed field filter folder font form forum frame gallery
    gateway geometry glossary graph grid group guide header history hook icon image import inbox
    index inspector inventory invoice issue journal kernel key label layer layout ledger lens
    library license link listing locale log logger login mail map marker mask matrix media member
    menu message metric migration mirror model monitor network news notebook notice number object
    office order outline package page palette panel parser password path pattern payment photo
    pipeline placeholder planner player plugin policy poll popup portal preview price printer
    product profile progress project proxy query queue quiz rating reader recipe record registry
    release report request resource review ribbon role router rule sample scanner schedule schema
    score screen search seat section sensor session sheet shelf signal site sitemap slider slot
    snapshot socket source sprite stack stamp station storage stream style survey switch symbol
    table tag target task template tenant text theme ticket tile timeline toggle token toolbar
    topic tracker tree trigger tunnel tutorial upload user vault vector video viewer vocabulary
    voucher wallet warehouse watcher weather widget wiki window wizard worker workflow workspace
    """.split()
)

ADJECTIVES = tuple(
    """
    async atomic basic better big bold brisk calm clean clever compact crisp cyclic deep dense
    direct distant dynamic easy elastic exact extra fancy fast fine flat fluid formal fresh full
    gentle global grand handy happy hidden hybrid ideal inner instant joint keen large late lazy
    lean light linear liquid little live local logical lucid magic main mellow micro mild mini
    mobile modern multi narrow native neat nested nimble noble open outer parallel plain polite
    prime proper pure quick quiet rapid rare raw ready real remote rich rigid robust rough round
    safe secure shared sharp short silent simple sleek slim small smart smooth social soft solid
    sparse stable static steady still strict strong sturdy subtle sunny super sweet swift tall
    tender thin tidy tiny total tough typed urban useful vivid warm wide wild wise young
    """.split()
)

SYLLABLES = tuple(
    """
    ba be bi bo bu ca ce co da de di do du fa fe fi fo ga ge go ha he hi ho ja jo ka ke ki ko ku
    la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te
    ti to tu va ve vi vo wa we wi ya yo za ze zi zo
    """.split()
)

VERBS = tuple(
    """
    adds builds caches checks cleans collects compares compresses converts copies counts creates
    draws edits exports filters formats generates handles imports indexes inspects keeps lists
    loads maps measures merges moves parses plots publishes reads renders replaces resolves runs
    scans sends shows signs sorts splits stores streams tests tracks translates updates validates
    watches wraps writes
    """.split()
)

PEOPLE = (
    ("Ada Lindgren", "ada"),
    ("Björn Åkesson", "bjorn"),
    ("Chiara Conti", "chiara"),
    ("Dmitri Volkov", "dmitri"),
    ("Élodie Marchand", "elodie"),
    ("Fatima Zahra", "fatima"),
    ("Guðrún Jónsdóttir", "gudrun"),
    ("Hiroshi 田中", "hiroshi"),
    ("Inés Muñoz", "ines"),
    ("Jürgen Schäfer", "juergen"),
    ("Kofi Mensah", "kofi"),
    ("Lívia Barbosa", "livia"),
    ("Mateusz Wójcik", "mateusz"),
    ("Nadia O'Connor", "nadia"),
    ("Oleksandr Шевчук", "oleksandr"),
    ("Priya Raman", "priya"),
)

ORGANIZATIONS = ("acorn-labs", "birchware", "cedar-works", "driftwood", "elmstack")

LICENSES: tuple[tuple[str | None, str | None, str | None], ...] = (
    ("MIT", None, "License :: OSI Approved :: MIT License"),
    ("MIT License", None, "License :: OSI Approved :: MIT License"),
    (None, "MIT", None),
    ("BSD", None, "License :: OSI Approved :: BSD License"),
    (None, "BSD-3-Clause", None),
    ("GPL version 2", None, "License :: OSI Approved :: GNU General Public License v2 (GPLv2)"),
    ("GPLv3+", None, "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"),
    (None, "GPL-3.0-or-later", None),
    ("Apache 2.0", None, "License :: OSI Approved :: Apache Software License"),
    (None, "Apache-2.0 OR MIT", None),
    ("ZPL 2.1", None, "License :: OSI Approved :: Zope Public License"),
    ("UNKNOWN", None, None),
    ("", None, None),
    (None, None, None),
)

STATUSES = (
    "Development Status :: 3 - Alpha",
    "Development Status :: 4 - Beta",
    "Development Status :: 5 - Production/Stable",
    "Development Status :: 6 - Mature",
    "Development Status :: 7 - Inactive",
)

AUDIENCES = (
    "Intended Audience :: Developers",
    "Intended Audience :: End Users/Desktop",
    "Intended Audience :: Science/Research",
    "Intended Audience :: System Administrators",
)

TOPICS = (
    "Topic :: Internet :: WWW/HTTP",
    "Topic :: Internet :: WWW/HTTP :: Dynamic Content",
    "Topic :: Scientific/Engineering",
    "Topic :: Software Development :: Libraries :: Python Modules",
    "Topic :: Software Development :: Testing",
    "Topic :: System :: Monitoring",
    "Topic :: Text Processing :: Markup",
    "Topic :: Utilities",
)

DEPENDENCIES = (
    "attrs>=22.1",
    "babel",
    "click (>=7.0)",
    "cryptography>=3.4; python_version >= '3.8'",
    "httpx<1,>=0.24",
    "jinja2>=3.0",
    "lxml",
    "numpy>=1.21",
    "pillow!=9.0.0",
    "pydantic<3,>=2",
    "python-dateutil>=2.8",
    "pyyaml~=6.0",
    "requests[socks]>=2.28",
    "setuptools",
    "sqlalchemy>=1.4",
    'typing-extensions; python_version < "3.11"',
    "zope.interface",
)

TEST_DEPENDENCIES = ('pytest; extra == "test"', 'coverage[toml]; extra == "test"')

YANK_REASONS = (
    "",
    "broken wheel",
    "wrong metadata, use the next release",
    "does not install on Windows",
    "Security: see the changelog",
)
