#include "cli/question.hpp"

#include <algorithm>

#include "cli/words.hpp"

namespace hub::cli {
namespace {

std::string member_text(const boost::json::object& object, const char* name) {
  const auto* found = object.if_contains(name);
  return found ? text_of_value(*found) : std::string();
}

std::string sentence_of(const std::string& question, const std::string& step) {
  if (question == "final_step_in_doubt") {
    return "the hub was ended during step " + step +
           ", which is not to be done twice; whether it was done is not known: look, then decide";
  }
  return question;
}

std::string meaning_of(const std::string& answer) {
  if (answer == "run_again") return "it was not done: do it";
  if (answer == "count_as_done") return "it was done: go on";
  if (answer == "give_up") return "stop here: the operation fails";
  return {};
}

}  // namespace

std::optional<Question> question_of(const OperationState& state) {
  if (state.status != OperationStatus::waiting_input || !state.reason) return std::nullopt;
  const auto& outer = state.reason->params;
  const auto* inner = outer.if_contains("params");
  const auto params = inner && inner->is_object() ? inner->get_object() : boost::json::object();
  Question question;
  question.text = sentence_of(member_text(outer, "question"), member_text(params, "step"));
  for (const auto& [key, value] : params) {
    if (key != "answers") {
      question.details.push_back(printable(key) + ": " + text_of_value(value));
    } else if (value.is_array()) {
      for (const auto& answer : value.get_array()) {
        question.answers.push_back(text_of_value(answer));
      }
    }
  }
  return question;
}

std::vector<std::string> question_lines(const Question& question, const std::string& short_id) {
  std::vector<std::string> lines{question.text};
  lines.insert(lines.end(), question.details.begin(), question.details.end());
  const std::string command = "adaos-hub operations confirm " + short_id + " ";
  for (const auto& answer : question.answers) {
    const auto meaning = meaning_of(answer);
    lines.push_back(command + answer + (meaning.empty() ? "" : "   " + meaning));
  }
  if (question.answers.empty()) lines.push_back(command + "ANSWER");
  return lines;
}

Result<> check_answer(const OperationState& state, const std::string& answer) {
  const auto question = question_of(state);
  if (!question || question->answers.empty()) return {};
  if (std::ranges::count(question->answers, answer) > 0) return {};
  std::string known;
  for (const auto& one : question->answers) known += (known.empty() ? "" : ", ") + one;
  return fail(ErrorCode::invalid,
              "cannot answer " + printable(answer) + ": the operation does not know this answer",
              "unknown_answer", "it is one of " + known, {{"answer", answer}, {"known", known}});
}

}  // namespace hub::cli
