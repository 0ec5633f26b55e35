import unittest

from handlers.main import _TABLE, convert, list_units


class Convert(unittest.TestCase):
    def test_converts_a_mile_exactly(self):
        self.assertEqual(convert(1, "mi", "km"), {
            "ok": True, "value": 1.609344, "unit": "km", "text": "1 mi = 1.609344 km"})

    def test_converts_temperatures_with_their_offsets(self):
        self.assertEqual(convert(212, "°F", "°C")["value"], 100.0)
        self.assertEqual(convert(-40, "c", "f")["value"], -40.0)
        self.assertEqual(convert(0, "K", "°C")["text"], "0 K = -273.15 °C")

    def test_reads_russian_names_and_a_decimal_comma(self):
        self.assertEqual(convert("2,5", "кг", "г")["value"], 2500.0)
        self.assertEqual(convert(1, "столовая ложка", "чайная ложка")["value"], 3.0)
        self.assertEqual(convert(3, "ч. л.", "ст. л.")["value"], 1.0)

    def test_case_of_a_data_unit_matters_only_where_it_must(self):
        self.assertEqual(convert(1, "GiB", "MiB")["value"], 1024.0)
        self.assertEqual(convert(1, "KM", "M")["value"], 1000.0)

    def test_every_unit_converts_to_its_base_and_back(self):
        for kind, rows in _TABLE.items():
            base = rows[0][0]
            for symbol, *_ in rows:
                with self.subTest(kind=kind, unit=symbol):
                    there = convert(7, symbol, base)
                    self.assertTrue(there["ok"], there)
                    self.assertAlmostEqual(convert(there["value"], base, symbol)["value"], 7, 7)

    def test_refuses_units_of_different_kinds(self):
        self.assertEqual(convert(1, "kg", "km")["error"], "different_kinds")

    def test_an_unknown_unit_is_answered_with_near_ones(self):
        answer = convert(1, "milee", "km")
        self.assertEqual(answer["error"], "unknown_unit")
        self.assertIn("mile", answer["message"])

    def test_refuses_what_is_no_number(self):
        for value in ("much", "nan", "inf", True, None, "1e9999"):
            with self.subTest(value=value):
                self.assertEqual(convert(value, "m", "km")["error"], "not_a_number")


class ListUnits(unittest.TestCase):
    def test_lists_one_kind_or_all(self):
        self.assertEqual(list(list_units("speed")["kinds"]), ["speed"])
        self.assertEqual(len(list_units()["kinds"]), 7)
        self.assertEqual(list_units("colour")["error"], "unknown_kind")


if __name__ == "__main__":
    unittest.main()
