"""One digest over all metadata of a store, so that a changed name, unit or attribute is found.

Chunks carry their own checksums; the JSON beside them does not. A finished store keeps the digest
in its attribute ``metadata_sha256``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from geoml.survey.location import AnyPath, filesystem

SEAL = "metadata_sha256"

_FILE = "zarr.json"


def sealed(place: AnyPath, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with the digest of all metadata in them.

    Args:
        place: Where the store stands, with all its arrays and groups.
        attrs: The attributes that it is to have, as JSON holds them.
    """
    return {**attrs, SEAL: metadata_digest(place, attrs)}


def metadata_digest(place: AnyPath, attrs: Mapping[str, Any]) -> str:
    """SHA-256 of what all ``zarr.json`` of a store say, blanks between words aside.

    Args:
        place: Where the store stands.
        attrs: Attributes to take for the store's own; an older digest among them is left out.

    Raises:
        ValueError: If one of the files is no JSON.
    """
    fs, root = filesystem(place)
    fs.invalidate_cache()
    root = root.rstrip("/")
    names = [name for name in fs.find(root) if name.rpartition("/")[2] == _FILE]
    contents = fs.cat(names)
    facts = {name[len(root) + 1 :]: json.loads(contents[name]) for name in names}
    own = {name: value for name, value in attrs.items() if name != SEAL}
    facts[_FILE] = {**facts.get(_FILE, {}), "attributes": own}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
