"""Levels of areas that nest: small areas, the larger ones they lie in, and the city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from contracts import BadInput, Workspace, group_sums
from features.geographies import contiguity
from features.geographies.geography import Geography, load_geography, nesting
from features.views.panel import Panel

Indices = npt.NDArray[np.int64]
CITY = "city"
PARENTS = "parents"
MOST_LAND_INSIDE = 1.5
"""The areas inside another one have at most so many times its land."""


@dataclass(frozen=True)
class Level:
    """One level: its areas, and for each of the finest areas the position of the one it lies in, (A of the finest,)."""

    name: str
    geography: Geography
    groups: Indices

    def summed(self, panel: Panel) -> Panel:
        """The panel of this level from the finest one; a sum is missing where the count of a part of it is."""
        size = len(self.geography.codes)
        points = None if panel.points is None else panel.points.in_areas(self.groups)
        counts = group_sums(panel.counts.transpose(0, 2, 1), self.groups, size).transpose(0, 2, 1)
        return replace(panel, geography=self.name, areas=self.geography.codes, counts=counts, points=points)


@dataclass(frozen=True)
class Hierarchy:
    """Levels from the finest to the coarsest; every area lies in exactly one area of each level after its own."""

    levels: tuple[Level, ...]

    @property
    def finest(self) -> Geography:
        """The geography of the finest level."""
        return self.levels[0].geography

    @property
    def summing(self) -> sparse.csr_matrix:
        """1 where a node holds a finest area; (nodes, finest areas), the coarsest level first, the finest last."""
        blocks = [
            sparse.csr_matrix(
                (np.ones(len(level.groups)), (level.groups, np.arange(len(level.groups)))),
                shape=(len(level.geography.codes), len(level.groups)),
            )
            for level in reversed(self.levels)
        ]
        return sparse.csr_matrix(sparse.vstack(blocks))

    def only(self, codes: Sequence[str]) -> Hierarchy:
        """Restricted to these finest areas, and to the larger ones that hold some of them."""
        position = {code: index for index, code in enumerate(self.finest.codes)}
        finest = self.finest.only(codes)
        kept = np.array([position[code] for code in codes], dtype=np.int64)
        levels = [_own_level(finest, self.levels[0].name)]
        for level in self.levels[1:]:
            used, groups = np.unique(level.groups[kept], return_inverse=True)
            names = [level.geography.codes[index] for index in used]
            levels.append(Level(level.name, level.geography.only(names), groups.astype(np.int64)))
        return Hierarchy(tuple(levels))


def load_hierarchy(workspace: Workspace, names: Sequence[str]) -> Hierarchy:
    """The levels of those names, the finest first.

    A name is a geography of the workspace, ``parents`` (the areas that the level before says it nests in) or ``city``.
    Raises ``BadInput`` where they do not nest, ``MissingThing`` for a geography that is not there.
    """
    if len(names) < 2 or names[0] in (CITY, PARENTS) or len(set(names)) < len(names):
        raise BadInput(
            f"{', '.join(names) or 'Nothing'} is no list of levels.",
            remedy="Name two or more, the finest first, such as ward_2022,parents,city.",
        )
    return hierarchy_over(workspace, load_geography(workspace, names[0]), names[1:])


def hierarchy_over(workspace: Workspace, finest: Geography, names: Sequence[str]) -> Hierarchy:
    """The areas of ``finest`` and the levels after them, named and refused as in ``load_hierarchy``."""
    levels = [_own_level(finest, finest.name)]
    for name in names:
        levels.append(_next_level(workspace, levels[-1], name))
        _refuse_finer(finest, levels[-1])
    return Hierarchy(tuple(levels))


def _refuse_finer(finest: Geography, level: Level) -> None:
    """By the middle area: one area may hold another that reaches beyond it, since boundaries are simplified."""
    land = level.geography.areas["area_km2"].to_numpy(float)
    inside = group_sums(finest.areas["area_km2"].to_numpy(float), level.groups, len(land))
    if np.median(inside / land) > MOST_LAND_INSIDE:
        raise BadInput(
            f"The areas of '{finest.name}' do not nest in '{level.name}': they are larger.",
            remedy="Name the finest level first.",
        )


def _own_level(geography: Geography, name: str) -> Level:
    return Level(name, geography, np.arange(len(geography.codes), dtype=np.int64))


def _next_level(workspace: Workspace, before: Level, name: str) -> Level:
    child = before.geography
    if name == CITY:
        codes: tuple[str, ...] = (CITY,)
        inside = np.zeros(len(child.codes), dtype=np.int64)
        geography = grouped_geography(child, name, codes, inside)
    elif name == PARENTS:
        parents = child.areas["parent"]
        if parents.isna().any():
            raise BadInput(
                f"The geography '{child.name}' does not say which areas {child.codes[int(parents.isna().argmax())]} "
                "and others nest in.",
                remedy="Add it with --parent, or leave 'parents' out of the levels.",
            )
        found, inside = np.unique(parents.to_numpy(str), return_inverse=True)
        codes = tuple(str(code) for code in found)
        geography = grouped_geography(child, name, codes, inside.astype(np.int64), child.parent_names)
    else:
        geography = load_geography(workspace, name)
        inside = nesting(child, geography)
        if (inside < 0).any():
            raise BadInput(
                f"{int((inside < 0).sum())} areas of '{child.name}' lie in none of '{name}', such as "
                f"{child.codes[int((inside < 0).argmax())]}.",
                remedy="Name levels that nest.",
            )
        used, inside = np.unique(inside, return_inverse=True)
        geography = geography.only([geography.codes[index] for index in used])
    return Level(name, geography, np.asarray(inside, dtype=np.int64)[before.groups])


def grouped_geography(
    child: Geography, name: str, codes: tuple[str, ...], inside: Indices, names: Mapping[str, str] | None = None
) -> Geography:
    """A geography whose areas are unions of ``child``'s: ``inside`` is the position in ``codes`` of each of them.

    Its centres are means weighted by land; two unions touch where some of their parts do. It has no attributes, and
    ``boundaries`` is the child's file. An area that ``names`` does not name is named by its code.
    """
    known = names or {}
    land = child.areas["area_km2"].to_numpy(float)
    area_km2 = group_sums(land, inside, len(codes))
    centres = [
        group_sums(child.areas[axis] * land, inside, len(codes)) / area_km2 for axis in ("longitude", "latitude")
    ]
    areas = pd.DataFrame(
        {
            "area": pd.Series(codes, dtype=object),
            "name": pd.Series([known.get(code, code) for code in codes], dtype=object),
            "parent": pd.Series([None] * len(codes), dtype=object),
            "area_km2": area_km2,
            "longitude": centres[0],
            "latitude": centres[1],
        }
    )
    member = sparse.csr_array((np.ones(len(inside)), (inside, np.arange(len(inside)))), shape=(len(codes), len(inside)))
    touching = sparse.coo_array(member @ child.adjacency @ member.T)
    apart = touching.coords[0] != touching.coords[1]
    pairs = (touching.coords[0][apart], touching.coords[1][apart])
    adjacency = sparse.csr_array((np.ones(len(pairs[0])), pairs), shape=touching.shape)
    nearest = contiguity.nearest_centres(*centres)
    return Geography(
        name=name,
        areas=areas,
        attributes=pd.DataFrame(index=pd.Index(codes)),
        adjacency=contiguity.join_islands(adjacency, nearest)[0],
        nearest=nearest,
        boundaries=child.boundaries,
    )
