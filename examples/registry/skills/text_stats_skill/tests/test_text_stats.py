import unittest

from handlers.main import CHARACTERS_MAX, find_repeats, frequent_words, text_stats


class TextStats(unittest.TestCase):
    def test_counts_an_english_text(self):
        stats = text_stats("It rains. It's a well-known fact!\n\nTake a coat, e.g. the red one.")
        self.assertEqual(stats["words"], 14)
        self.assertEqual(stats["sentences"], 3)
        self.assertEqual(stats["paragraphs"], 2)
        self.assertEqual(stats["longest_sentence"], "Take a coat, e.g. the red one.")

    def test_counts_a_russian_text(self):
        stats = text_stats("Дождь идёт. «Кто-то пришёл?» Да, т. е. почти.")
        self.assertEqual(stats["words"], 8)
        self.assertEqual(stats["sentences"], 3)

    def test_empty_text_has_nothing(self):
        stats = text_stats(" \n ")
        self.assertEqual(
            (stats["words"], stats["sentences"], stats["paragraphs"], stats["words_per_sentence"]),
            (0, 0, 0, 0.0))

    def test_two_hundred_words_take_a_minute(self):
        self.assertEqual(text_stats("word " * 200)["reading_time_s"], 60)

    def test_a_text_without_a_full_stop_is_one_sentence(self):
        self.assertEqual(text_stats("no end here")["sentences"], 1)

    def test_refuses_a_text_that_is_too_long(self):
        for tool in (text_stats, frequent_words, find_repeats):
            self.assertEqual(tool("x" * (CHARACTERS_MAX + 1))["error"], "text_too_long")


class FrequentWords(unittest.TestCase):
    def test_leaves_function_words_and_numbers_out(self):
        words = frequent_words("The cat and the dog. The cat is 7. Кот и кот на крыше.")["words"]
        self.assertEqual(words[:2], [{"word": "cat", "count": 2}, {"word": "кот", "count": 2}])
        self.assertNotIn("the", [entry["word"] for entry in words])
        self.assertNotIn("7", [entry["word"] for entry in words])

    def test_keeps_to_the_limit(self):
        self.assertEqual(len(frequent_words("one two three four", limit=2)["words"]), 2)


class FindRepeats(unittest.TestCase):
    def test_finds_a_near_repeat_with_its_place(self):
        text = "A simple idea is a simple thing."
        self.assertEqual(find_repeats(text)["repeats"], [
            {"word": "simple", "at": text.rindex("simple"), "distance_words": 4}])

    def test_a_far_repeat_is_no_repeat(self):
        self.assertEqual(find_repeats("simple " + "other1 " + " ".join(
            f"word{n}" for n in range(20)) + " simple")["repeats"], [])


if __name__ == "__main__":
    unittest.main()
