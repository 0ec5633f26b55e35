import math
import string
import unittest

from handlers.main import SIMILAR, SYMBOLS, _passwords, make_passphrase, make_password, word_list


class WordLists(unittest.TestCase):
    def test_each_has_256_different_words_in_order(self):
        for language in ("en", "ru"):
            words = word_list(language)
            self.assertEqual(len(set(words)), 256)
            self.assertEqual(list(words), sorted(words))

    def test_no_word_begins_another_so_that_phrases_without_separator_stay_distinct(self):
        for language in ("en", "ru"):
            words = word_list(language)
            clashes = [(a, b) for a in words for b in words if a != b and b.startswith(a)]
            self.assertEqual(clashes, [])


class Passphrase(unittest.TestCase):
    def test_has_the_words_asked_for_and_says_their_strength(self):
        answer = make_passphrase(7, "ru", " ")
        words = answer["passphrase"].split(" ")
        self.assertEqual(len(words), 7)
        self.assertLessEqual(set(words), set(word_list("ru")))
        self.assertEqual(answer["bits"], 56.0)

    def test_two_are_never_the_same(self):
        self.assertEqual(len({make_passphrase()["passphrase"] for _ in range(200)}), 200)

    def test_refuses_weak_or_unknown_requests(self):
        self.assertEqual(make_passphrase(3)["error"], "bad_length")
        self.assertEqual(make_passphrase(language="la")["error"], "unknown_language")
        self.assertEqual(make_passphrase(separator="----")["error"], "bad_separator")


class Password(unittest.TestCase):
    def test_holds_every_class_at_every_length(self):
        for length in (8, 20, 128):
            for _ in range(50):
                password = make_password(length)["password"]
                self.assertEqual(len(password), length)
                for characters in (string.ascii_lowercase, string.ascii_uppercase,
                                   string.digits, SYMBOLS):
                    self.assertTrue(set(password) & set(characters), password)

    def test_leaves_similar_characters_and_symbols_out_when_asked(self):
        for _ in range(50):
            password = make_password(40, symbols=False, avoid_similar=True)["password"]
            self.assertTrue(password.isalnum())
            self.assertFalse(set(password) & SIMILAR)

    def test_strength_counts_only_strings_with_every_class(self):
        self.assertEqual(_passwords(["ab", "1"], 2), 4)  # a1 b1 1a 1b
        plain = 20 * math.log2(26 + 26 + 10 + len(SYMBOLS))
        self.assertLess(make_password()["bits"], plain)
        self.assertGreater(make_password()["bits"], plain - 1)

    def test_refuses_a_bad_length(self):
        self.assertEqual(make_password(7)["error"], "bad_length")
        self.assertEqual(make_password(129)["error"], "bad_length")


if __name__ == "__main__":
    unittest.main()
