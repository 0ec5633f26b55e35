import unittest

from handlers.main import render_csv, summarise_csv


class RenderCsv(unittest.TestCase):
    def test_aligns_text_left_and_numbers_right(self):
        self.assertEqual(render_csv("item,price\ntea,4\ncoffee,12.50\n")["table"], "\n".join([
            "item    price",
            "------  -----",
            "tea         4",
            "coffee  12.50",
        ]))

    def test_lines_up_cyrillic_combining_and_wide_characters(self):
        table = render_csv("слово;n\nе\u0308ж;1\n茶;2")["table"]
        self.assertEqual(table.splitlines()[2:], ["е\u0308ж     1", "茶     2"])

    def test_renders_markdown_and_escapes_bars(self):
        self.assertEqual(render_csv('a,n\n"x|y",1', "markdown")["table"], "\n".join([
            "| a    |   n |",
            "| ---- | --: |",
            "| x\\|y |   1 |",
        ]))

    def test_guesses_the_delimiter_and_survives_a_byte_order_mark(self):
        for delimiter in ",;\t|":
            with self.subTest(delimiter=delimiter):
                answer = render_csv(f"\ufeffa{delimiter}b\n1{delimiter}2")
                self.assertEqual(answer["table"], "a  b\n-  -\n1  2")

    def test_short_rows_are_filled_and_empty_lines_left_out(self):
        answer = render_csv("a,b\n\nx\ny,2\n")
        self.assertEqual(answer["rows"], 2)
        self.assertEqual(answer["table"].splitlines()[2], "x")

    def test_refuses_what_is_no_table(self):
        for text in ("", "\n \n", 'a,b\n"open,1'):
            with self.subTest(text=text):
                self.assertEqual(render_csv(text)["error"], "bad_table")
        self.assertEqual(render_csv("a,b", style="html")["error"], "unknown_style")
        self.assertEqual(render_csv("a,b", delimiter="--")["error"], "bad_table")


class SummariseCsv(unittest.TestCase):
    def test_sums_up_columns_of_numbers_only(self):
        self.assertEqual(summarise_csv("item,price\ntea,4\ncoffee,12.5\n")["columns"], [{
            "name": "price", "count": 2, "sum": 16.5, "mean": 8.25, "least": 4.0,
            "greatest": 12.5}])

    def test_reads_a_decimal_comma_and_spaces_in_thousands(self):
        columns = summarise_csv("город;людей\nОмск;1 110 836,5\n")["columns"]
        self.assertEqual(columns[0]["sum"], 1110836.5)

    def test_empty_cells_are_not_counted(self):
        self.assertEqual(summarise_csv("a,b\nx,1\ny,\n")["columns"][0]["count"], 1)


if __name__ == "__main__":
    unittest.main()
