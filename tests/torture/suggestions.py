"""Takes the suggestions out of a refusal and puts them into the command line that was refused."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

MEANT = re.compile(r"Did you mean (.+?)\?(?:$|[ \n])")
PASSED = re.compile(r"(?:Pass|Add) ('(?:[^']|'\"'\"')+'|[+~]?[\w./@]+=[^\s]+?|-m)(?=$|[ .,]\s|[ .,]?$| if | to | or )")


def suggested_lines(words: Sequence[str], message: str) -> Iterator[list[str]]:
    """Yields command lines that follow a message, with the suggestion read as a shell reads it.

    Args:
        words: The refused command line.
        message: One line of its refusal.
    """
    for match in MEANT.finditer(message):
        (suggestion,) = shlex.split(match[1])
        yield from _replace(words, message, suggestion)
    for match in PASSED.finditer(message):
        (suggestion,) = shlex.split(match[1])
        if not suggestion.endswith("..") and "NAME" not in suggestion:
            yield _insert(words, suggestion)


def _replace(words: Sequence[str], message: str, suggestion: str) -> Iterator[list[str]]:
    """Puts a key, or a value, in place of the one that the message names."""
    if unknown := re.match(r"Unknown key: (\S+)\.", message):
        named = unknown[1]
        said = [re.sub(rf"^([+~]*){re.escape(named)}(?==|$)", rf"\1{suggestion}", word).lstrip("+") for word in words]
        if said != [word.lstrip("+") for word in words]:  # else it is inside a value
            yield said
        return
    key = message.partition(" must ")[0].partition(":")[0]
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name.lstrip("+") == key and equals:
            whole = re.search(r"but got '(.*?)'\.", message)
            new = value.replace(whole[1], suggestion) if whole and whole[1] in value else suggestion
            yield [*words[:index], f"{name}={new}", *words[index + 1 :]]
        elif word in message.split() or repr(word) in message or f"there is no {word}." in message:
            yield [*words[:index], suggestion, *words[index + 1 :]]


def _insert(words: Sequence[str], suggestion: str) -> list[str]:
    """Adds an argument, or puts it in place of those that set the same key."""
    key = suggestion.partition("=")[0]
    if "=" not in suggestion:
        return [suggestion, *words]
    others = [word for word in words if word.partition("=")[0].lstrip("+~") != key.lstrip("+~")]
    return [*others, suggestion]
