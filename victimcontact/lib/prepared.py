"""A queryset put together once: for a page with many of them that takes longer than the answers."""

import copy
from datetime import UTC, datetime, timedelta
from functools import update_wrapper
from uuid import UUID

from django.db import connections
from django.db.models import (
    ForeignKey,
    Lookup,
    OneToOneField,
    UUIDField,
    prefetch_related_objects,
)
from django.db.transaction import TransactionManagementError
from psycopg2.extras import Range


class AnyOf(Lookup):
    """``key__any=keys``: as ``in``, but with the same SQL however many there are."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler, connection):
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} = any(%s::uuid[])", [*parameters, self.rhs]


for _field in (UUIDField, ForeignKey, OneToOneField):
    _field.register_lookup(AnyOf)

# Stand-ins for moments, in winter by day and in summer by night, each argument's years from the
# next: what is reckoned from one of them is known by lying near it.
_MOMENTS = (datetime(1960, 1, 5, 15, 4, 5, tzinfo=UTC), datetime(1930, 7, 16, 3, 34, tzinfo=UTC))
_APART, _NEAR = timedelta(days=1500), timedelta(days=700)


class Prepared:
    """Decorates a function that makes a queryset from keys (UUID) and moments (aware datetime).

    An argument may be a list of keys too, for the lookup ``any``.

    The function is asked twice in a process, with different stand-ins for its arguments. Where
    only they and moments a fixed time from them differ, the SQL is kept and they are filled in;
    otherwise (a weekday, say, is taken from a moment) it goes on being asked each time.
    """

    def __init__(self, build):
        self._build, self._kept = build, None
        update_wrapper(self, build)

    def __call__(self, **values) -> list:
        """What the queryset gives, as a list.

        Raises TransactionManagementError where it locks rows and no transaction keeps them locked.
        """
        kept = self._keep(values)
        if not kept:
            return list(self._build(**values))
        made, compiler, text, parameters = kept
        if made.query.select_for_update and connections[made.db].get_autocommit():
            raise TransactionManagementError("Rows are locked inside a transaction alone.")
        asked = _Asked(made, compiler, text, _filled(parameters, values))
        found = list(made._iterable_class(asked))
        if made._prefetch_related_lookups:
            prefetch_related_objects(found, *made._prefetch_related_lookups)
        return found

    def rows(self, **values) -> list[tuple]:
        """What the query's columns hold, as the database's driver reads them: no field is asked."""
        kept = self._keep(values)
        made, _, text, parameters = kept or self._whole(values)
        with connections[made.db].cursor() as cursor:
            cursor.execute(text, _filled(parameters, values))
            return cursor.fetchall()

    def count(self, **values) -> int:
        """How many rows there are."""
        kept = self._keep(values)
        if not kept:
            return self._build(**values).count()
        made, _, text, parameters = kept
        with connections[made.db].cursor() as cursor:
            filled = _filled(parameters, values)
            cursor.execute(f"select count(*) from ({text}) as counted", filled)  # noqa: S608
            return cursor.fetchone()[0]

    def _keep(self, values):
        if self._kept is None:
            self._kept = self._prepare(values)
        return self._kept

    def _whole(self, values):
        """As ``_prepare``, for these values alone."""
        made = self._build(**values)
        compiler = made.query.get_compiler(made.db)
        text, parameters = compiler.as_sql()
        return made, compiler, text, [(None, one) for one in parameters]

    def _prepare(self, values):
        """(queryset, compiler, SQL, parameters), or False where nothing can be kept."""
        found = []
        for moment in _MOMENTS:
            given = {
                name: _stand_in(value, moment, place)
                for place, (name, value) in enumerate(values.items())
            }
            made = self._build(**given)
            compiler = made.query.get_compiler(made.db)
            text, parameters = compiler.as_sql()
            found.append((made, compiler, text, [_named(one, given) for one in parameters]))
        (_, _, text, parameters), (_, _, other_text, others) = found
        return found[0] if (text, parameters) == (other_text, others) else False


class _Asked:
    """Stands for a queryset whose SQL is known, before what turns rows into instances."""

    _hints, _known_related_objects, _fields = {}, {}, None

    def __init__(self, made, compiler, text, parameters):
        self.queryset, self.db, self.query = made, made.db, self
        self._fields = made._fields
        self._compiler, self._sql = compiler, (text, parameters)

    def get_compiler(self, using):
        own = copy.copy(self._compiler)
        own.connection = connections[using]
        own.as_sql = lambda *_, **__: self._sql
        return own

    def __getattr__(self, name):
        return getattr(self.queryset.query, name)


class _Same:
    """Added to a value, gives the value: a key has nothing reckoned from it."""

    def __radd__(self, value):
        return value

    def __eq__(self, other):
        return isinstance(other, _Same)

    __hash__ = object.__hash__


class _Between:
    """Added to a moment, gives a range of moments reckoned from it."""

    def __init__(self, span, stand_in):
        self._low, self._high = span.lower - stand_in, span.upper - stand_in
        self._kind, self._bounds = type(span), span._bounds

    def __radd__(self, moment):
        return self._kind(moment + self._low, moment + self._high, self._bounds)

    def _told(self):
        return self._low, self._high, self._kind, self._bounds

    def __eq__(self, other):
        return isinstance(other, _Between) and self._told() == other._told()

    def __hash__(self):
        return hash(self._told())


def _filled(parameters, values):
    return [one if name is None else values[name] + one for name, one in parameters]


def _stand_in(value, moment, place):
    if isinstance(value, datetime):
        return moment + _APART * place
    key = UUID(int=(moment.year << 100) + place)
    return [key] if isinstance(value, list) else key


def _named(parameter, given):
    """(name of the argument that it comes from or None, the time from it or the value itself)."""
    for name, stand_in in given.items():
        if isinstance(parameter, (UUID, list)) and parameter == stand_in:
            return name, _Same()
        if not isinstance(stand_in, datetime):
            continue
        if _is_near(parameter, stand_in):
            return name, parameter - stand_in
        if isinstance(parameter, Range) and _is_near(parameter.lower, stand_in):
            if _is_near(parameter.upper, stand_in):
                return name, _Between(parameter, stand_in)
    return None, parameter


def _is_near(value, stand_in):
    is_moment = isinstance(value, datetime) and value.tzinfo is not None
    return is_moment and abs(value - stand_in) < _NEAR
