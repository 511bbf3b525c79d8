"""Marking the matched words of a hit: Typesense's ``highlight`` and ``highlights``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .snippet_window import SnippetWindow, TokenPositions, best_window
from .text_index import TextIndex
from .tokenizer import Tokenizer, TokenSpan
from .types import HighlightParams, TextMatches, TokenHit

_MAX_ELEMENTS = 5
_SHORT_TEXT = 6  # times the snippet threshold, in characters
_TYPO_TAIL = 2

Json = Any


def highlight(
    index: TextIndex,
    document: Mapping[str, Json],
    found: TextMatches,
    params: HighlightParams,
) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    """The ``highlight`` object and the ``highlights`` list of one hit.

    ``document`` is the stored one; ``highlight`` mirrors its fields that have a match.
    """
    marked: dict[str, Json] = {}
    entries: list[tuple[int, dict[str, Json]]] = []
    known = {field.name for field in index.fields}
    names = () if found.wildcard else dict.fromkeys(params.fields or found.query_by)
    for name in (name for name in names if name in known):
        marker = _Marker(index.tokenizer(name), found, params, name in params.full_fields)
        field = _FieldHighlighter(marker)
        mirrored = field.mirror(document, name)
        if not field.marks:
            continue
        _merge(marked, mirrored)
        if name in document:
            entries.append(field.entry(name, isinstance(document[name], list)))
    entries.sort(key=lambda scored: -scored[0])
    return marked, [entry for _, entry in entries]


def _merge(into: dict[str, Json], more: Mapping[str, Json]) -> None:
    """Lay two mirrors of one document over each other."""
    for key, value in more.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            for mine, theirs in zip(known, value, strict=False):
                if isinstance(mine, dict) and isinstance(theirs, dict):
                    _merge(mine, theirs)
        else:
            into[key] = value


@dataclass(frozen=True)
class _Mark:
    """One marked text; ``value`` is all of it, if asked for."""

    element: int
    score: int
    snippet: str
    tokens: list[str]
    value: str | None

    def as_json(self) -> dict[str, Json]:
        value = {} if self.value is None else {"value": self.value}
        return {"matched_tokens": self.tokens, "snippet": self.snippet, **value}


class _FieldHighlighter:
    """Marks the value of one field, however deep it lies."""

    def __init__(self, marker: _Marker) -> None:
        self._marker = marker
        self.marks: list[_Mark] = []

    def mirror(self, document: Mapping[str, Json], name: str) -> dict[str, Json]:
        """The part of the document on the way to the field, its texts replaced by marks."""
        if name in document:
            return {name: self._value(document[name], within_objects=False)}
        head, _, rest = name.partition(".")
        return {head: self._walk(document.get(head), rest, False)} if rest else {}

    def _walk(self, node: Json, path: str, within_objects: bool) -> Json:
        if isinstance(node, list):
            return [self._walk(item, path, True) for item in node]
        if not isinstance(node, Mapping):
            return node
        head, _, rest = path.partition(".")
        if path in node:
            return {path: self._value(node[path], within_objects)}
        return {head: self._walk(node.get(head), rest, within_objects)} if rest else {}

    def _value(self, value: Json, within_objects: bool) -> Json:
        if isinstance(value, list):
            return [self._text(v, i, within_objects) for i, v in enumerate(value)]
        return self._text(value, 0, within_objects)

    def _text(self, value: Json, element: int, within_objects: bool) -> Json:
        text = value if isinstance(value, str) else str(value)
        mark = self._marker.mark(text, element, anywhere=within_objects)
        if mark is None:
            whole = {"value": text} if self._marker.full else {}
            return {"matched_tokens": [], "snippet": text, **whole}
        self.marks.append(mark)
        return mark.as_json()

    def entry(self, name: str, array: bool) -> tuple[int, dict[str, Json]]:
        """Score and entry of the older list, which has at most five elements of an array."""
        best = sorted(self.marks, key=lambda mark: (-mark.score, mark.element))[:_MAX_ELEMENTS]
        if not array:
            return best[0].score, {"field": name, **best[0].as_json()}
        entry: dict[str, Json] = {
            "field": name,
            "indices": [mark.element for mark in best],
            "matched_tokens": [mark.tokens for mark in best],
            "snippets": [mark.snippet for mark in best],
        }
        if self._marker.full:
            entry["values"] = [mark.value for mark in best]
        return best[0].score, entry


class _Marker:
    """Marks texts of one field."""

    def __init__(
        self, tokenizer: Tokenizer, found: TextMatches, params: HighlightParams, full: bool
    ) -> None:
        self._tokenizer = tokenizer
        words = {word: TokenHit(len(word), 0, False) for word in found.words}
        self._hits: dict[str, TokenHit] = {**words, **found.hits}
        self._typed = len(found.words[-1]) if found.words else 0
        self._params = params
        self.full = full

    def mark(self, text: str, element: int, *, anywhere: bool) -> _Mark | None:
        """None where no matched token is in the text.

        ``anywhere``: do not look for the best stretch, mark what there is.
        """
        window = self._window(text)
        if window is None:
            return None
        return _TextMarker(self, text, () if anywhere else window.offsets).mark(element, window)

    def _window(self, text: str) -> SnippetWindow | None:
        places: dict[str, list[int]] = {}
        tokens = self._tokenizer.split(text)
        for position, token in enumerate(tokens):
            if token in self._hits:
                places.setdefault(token, []).append(position)
        if not places:
            return None
        last = len(tokens) - 1
        return best_window([TokenPositions(tuple(p), p[-1] == last) for p in places.values()])

    @property
    def params(self) -> HighlightParams:
        return self._params

    def hit(self, token: str) -> TokenHit | None:
        return self._hits.get(token)

    def spans(self, text: str) -> Iterator[TokenSpan]:
        return self._tokenizer.spans(text)

    def marked_end(self, text: str, span: TokenSpan) -> int:
        """Where the mark over a token ends: after what was typed, if that was its beginning."""
        hit = self._hits.get(span.token)
        end = span.end
        if hit is not None and hit.prefix and hit.root_length < len(span.token):
            letters = [
                at for at in range(span.start, span.end) if not self._tokenizer.skips(text[at])
            ]
            tail = len(letters) - self._typed
            if tail > 0 and not (tail <= _TYPO_TAIL and hit.typos):
                end = letters[self._typed - 1] + 1
        while end > span.start + 1 and self._is_punctuation(text[end - 1]):
            end -= 1
        return end

    def _is_punctuation(self, char: str) -> bool:
        return char.isascii() and not char.isalnum() and char not in self._tokenizer.symbols


class _TextMarker:
    """Walks over one text, collecting which tokens to mark and where the snippet lies."""

    def __init__(self, marker: _Marker, text: str, offsets: Sequence[int]) -> None:
        self._marker = marker
        self._text = text
        self._offsets = tuple(dict.fromkeys(offsets))
        self._next = 0
        self._seen: set[str] = set()
        self._met = False
        self._marks: dict[int, int] = {}
        self._before: deque[int] = deque(maxlen=marker.params.affix_num_tokens + 1)
        self._start = 0
        self._end = len(text)
        params = marker.params
        self._after = (self._offsets[-1] if self._offsets else 0) + params.affix_num_tokens
        self._all = marker.full or len(text) < params.snippet_threshold * _SHORT_TEXT

    def mark(self, element: int, window: SnippetWindow) -> _Mark | None:
        params, last = self._marker.params, -1
        for place, span in enumerate(self._marker.spans(self._text)):
            last = place
            self._visit_span(place, span)
            done = self._next >= len(self._offsets) and place >= self._after
            if done and place >= params.snippet_threshold and not self._marker.full:
                break
        if not self._marks:
            return None
        if last < params.snippet_threshold:
            self._start, self._end = 0, len(self._text)
        tokens: list[str] = []
        snippet = self._mark_range(self._start, self._end, tokens)
        value = self._mark_range(0, len(self._text), []) if self._marker.full else None
        return _Mark(element, window.score, snippet, tokens, value)

    def _visit_span(self, place: int, span: TokenSpan) -> None:
        if not self._met:
            self._before.append(span.start)
        hit = self._marker.hit(span.token)
        expected = self._next < len(self._offsets) and self._offsets[self._next] == place
        in_window = expected or (self._met and span.token in self._seen)
        if in_window or (self._all and hit is not None):
            self._marks.setdefault(span.start, self._marker.marked_end(self._text, span))
            self._seen.add(span.token)
        if in_window:
            self._next += 1
            if not self._met:
                self._start = self._before[0]
            self._met = True
        if place >= self._after and self._end == len(self._text):
            self._end = span.end

    def _mark_range(self, start: int, end: int, tokens: list[str]) -> str:
        """``text[start:end]`` with tags; the words inside them are added to ``tokens``."""
        params = self._marker.params
        pieces: list[str] = []
        at = start
        for first, after in sorted(self._marks.items()):
            if at <= first < end:
                tokens.append(self._text[first:after])
                pieces += [self._text[at:first], params.start_tag, tokens[-1], params.end_tag]
                at = after
        return "".join([*pieces, self._text[at:end]])
