import os
import tempfile
import unittest
from unittest import mock

from handlers.main import add_word, find_word, list_words, quiz, remove_word


class Slovar(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        environment = {"ADAOS_SKILL_ENV_PATH": f"{folder.name}/db/skill_env.json"}
        patch = mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)

    def test_finds_a_word_whatever_the_case_and_with_e_for_yo(self):
        add_word("Ёлка", "вечнозелёное дерево")
        self.assertEqual(find_word("елка")["meaning"], "вечнозелёное дерево")
        self.assertEqual(find_word("ЁЛКА")["word"], "Ёлка")

    def test_a_decomposed_spelling_is_the_same_word(self):
        add_word("\u0415\u0308лка", "дерево")
        self.assertTrue(find_word("\u0401лка")["ok"])

    def test_a_misspelt_word_is_answered_with_near_ones(self):
        add_word("амортизация", "перенос стоимости")
        answer = find_word("аммортизация")
        self.assertEqual((answer["error"], answer["near"]), ("unknown_word", ["амортизация"]))

    def test_a_word_added_again_replaces_its_meaning(self):
        self.assertFalse(add_word("ключ", "родник")["replaced"])
        self.assertTrue(add_word("Ключ", "инструмент")["replaced"])
        self.assertEqual(list_words()["words"], ["Ключ"])

    def test_lists_in_the_order_of_the_russian_alphabet(self):
        for word in ("ель", "ёж", "жук", "единица", "API"):
            add_word(word, "…")
        self.assertEqual(list_words()["words"], ["API", "единица", "ель", "ёж", "жук"])
        self.assertEqual(list_words("Е")["words"], ["единица", "ель", "ёж"])

    def test_a_removed_word_is_gone(self):
        add_word("ключ", "родник")
        self.assertTrue(remove_word("КЛЮЧ")["ok"])
        self.assertEqual(remove_word("ключ")["error"], "unknown_word")

    def test_the_quiz_has_the_answer_among_its_choices(self):
        self.assertEqual(quiz()["error"], "too_few_words")
        for word in "альфа бета гамма дельта".split():
            add_word(word, f"буква {word}")
        for _ in range(20):
            question = quiz()
            self.assertIn(question["answer"], question["choices"])
            self.assertEqual(len(set(question["choices"])), 4)
            self.assertEqual(question["meaning"], f"буква {question['answer']}")

    def test_refuses_empty_and_oversized_input(self):
        self.assertEqual(add_word(" ", "x")["error"], "empty_text")
        self.assertEqual(add_word("x", "y" * 2001)["error"], "text_too_long")
        self.assertEqual(list_words()["words"], [])


if __name__ == "__main__":
    unittest.main()
