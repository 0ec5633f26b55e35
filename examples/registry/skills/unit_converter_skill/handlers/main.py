"""Unit converter: tools of the skill.

Each kind of quantity has one base unit; a unit is `base = value * factor + offset`, with both as
fractions, so that a conversion there and back gives the same number.
"""
from __future__ import annotations

import difflib
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, NamedTuple

try:
    from adaos.sdk.core.decorators import tool
except ImportError:  # outside AdaOS: the tools are plain functions

    def tool(*_args: Any, **_kwargs: Any):
        return lambda function: function


class Unit(NamedTuple):
    kind: str
    symbol: str
    factor: Fraction
    offset: Fraction


# kind -> [(symbol, factor, offset, other names)]
_TABLE: dict[str, list[tuple[str, str, str, str]]] = {
    "length": [
        ("mm", "0.001", "0", "мм millimetre миллиметр"),
        ("cm", "0.01", "0", "см centimetre сантиметр"),
        ("m", "1", "0", "м metre meter метр"),
        ("km", "1000", "0", "км kilometre километр"),
        ("in", "0.0254", "0", "inch дюйм"),
        ("ft", "0.3048", "0", "foot feet фут"),
        ("yd", "0.9144", "0", "yard ярд"),
        ("mi", "1609.344", "0", "mile миля"),
    ],
    "mass": [
        ("mg", "0.000001", "0", "мг milligram миллиграмм"),
        ("g", "0.001", "0", "г gram грамм"),
        ("kg", "1", "0", "кг kilogram килограмм"),
        ("t", "1000", "0", "т tonne тонна"),
        ("oz", "0.028349523125", "0", "ounce унция"),
        ("lb", "0.45359237", "0", "pound фунт"),
    ],
    "volume": [
        ("ml", "0.001", "0", "мл millilitre миллилитр"),
        ("l", "1", "0", "л litre liter литр"),
        ("tsp", "0.00492892159375", "0", "teaspoon ч.л. чайная-ложка"),
        ("tbsp", "0.01478676478125", "0", "tablespoon ст.л. столовая-ложка"),
        ("floz", "0.0295735295625", "0", "fluid-ounce"),
        ("cup", "0.2365882365", "0", "чашка"),
        ("gal", "3.785411784", "0", "gallon галлон"),
    ],
    "temperature": [
        ("K", "1", "0", "кельвин kelvin"),
        ("°C", "1", "273.15", "c с celsius цельсий"),
        ("°F", "5/9", "45967/180", "f ф fahrenheit фаренгейт"),
    ],
    "time": [
        ("s", "1", "0", "сек second секунда"),
        ("min", "60", "0", "мин minute минута"),
        ("h", "3600", "0", "ч hour час"),
        ("d", "86400", "0", "day день сутки"),
        ("wk", "604800", "0", "week неделя"),
    ],
    "speed": [
        ("m/s", "1", "0", "м/с"),
        ("km/h", "5/18", "0", "км/ч kmh kph"),
        ("mph", "0.44704", "0", "миль/ч"),
        ("kn", "463/900", "0", "knot узел"),
    ],
    "data": [
        ("B", "1", "0", "байт byte bytes"),
        ("kB", "1000", "0", "кБ"),
        ("MB", "1000000", "0", "МБ"),
        ("GB", "1000000000", "0", "ГБ"),
        ("KiB", "1024", "0", "КиБ"),
        ("MiB", "1048576", "0", "МиБ"),
        ("GiB", "1073741824", "0", "ГиБ"),
    ],
}


def _index() -> dict[str, Unit]:
    """Every name of every unit, as written and folded; a name as written wins."""
    exact: dict[str, Unit] = {}
    folded: dict[str, Unit] = {}
    for kind, rows in _TABLE.items():
        for symbol, factor, offset, names in rows:
            unit = Unit(kind, symbol, Fraction(factor), Fraction(offset))
            for name in (symbol, *names.split()):
                exact[name] = unit
                folded.setdefault(name.casefold(), unit)
    return {**folded, **exact}


_UNITS = _index()


def _find(name: str) -> Unit | None:
    name = name.strip()
    folded = name.casefold()
    for form in (name, folded, folded.replace(" ", "-"), folded.replace(" ", "")):
        if form in _UNITS:
            return _UNITS[form]
    return None


def _number(value: Any) -> Fraction | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip().replace(",", ".").replace("\u00a0", ""))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > 100:
        return None
    return Fraction(number)


def _shown(number: Fraction) -> str:
    """Ten significant digits, without trailing zeros or an exponent."""
    if number == 0:
        return "0"
    decimal = Decimal(number.numerator) / Decimal(number.denominator)
    rounded = round(decimal, 9 - decimal.adjusted())
    text = format(rounded, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unknown(name: str) -> dict[str, Any]:
    near = difflib.get_close_matches(name.strip(), _UNITS, n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else "; list_units shows what there is"
    return {"ok": False, "error": "unknown_unit", "message": f"unknown unit '{name}'{hint}"}


@tool("convert")
def convert(value: float | str, from_unit: str, to_unit: str) -> dict[str, Any]:
    """Convert a value between two units of the same kind."""
    number = _number(value)
    if number is None:
        return {"ok": False, "error": "not_a_number", "message": f"'{value}' is not a number"}
    source, target = _find(from_unit), _find(to_unit)
    if source is None or target is None:
        return _unknown(to_unit if source else from_unit)
    if source.kind != target.kind:
        return {
            "ok": False,
            "error": "different_kinds",
            "message": f"{source.symbol} is {source.kind}, {target.symbol} is {target.kind}",
        }
    base = number * source.factor + source.offset
    result = (base - target.offset) / target.factor
    shown = _shown(result)
    return {
        "ok": True,
        "value": float(shown),
        "unit": target.symbol,
        "text": f"{_shown(number)} {source.symbol} = {shown} {target.symbol}",
    }


@tool("list_units")
def list_units(kind: str | None = None) -> dict[str, Any]:
    """List the symbols of the known units, by kind."""
    if kind is not None and kind not in _TABLE:
        known = ", ".join(_TABLE)
        return {"ok": False, "error": "unknown_kind", "message": f"no kind '{kind}'; there are {known}"}
    chosen = [kind] if kind else list(_TABLE)
    return {"ok": True, "kinds": {name: [row[0] for row in _TABLE[name]] for name in chosen}}
